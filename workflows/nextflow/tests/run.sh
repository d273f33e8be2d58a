#!/usr/bin/env bash
# Renders the process of modules/readseeker/split with groovy and runs its blocks under bash, as `bash -ue`, against the
# `readseeker` on PATH: single, paired and BAM input. Nextflow itself is not run: channels, staging, containers and
# configuration are not tested here.
# usage: workflows/nextflow/tests/run.sh
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
module=$here/../modules/readseeker/split/main.nf
testdata=$(cd "$here/../../../testdata" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian's groovy looks for the default Java, which another Java on the machine may have kept away.
[ -n "${JAVA_HOME:-}" ] || JAVA_HOME=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")
export JAVA_HOME

groovy "$here/render.groovy" "$module" "$testdata" "$work"
groovy -e "new GroovyShell().parse(new File('$here/../main.nf').text)"

fail() {
    echo "FAILED $1" >&2
    exit 1
}
reads_in() { cat "$@" | gzip -dc | awk 'END { print NR / 4 }'; }

# Every output the process declares must be there, from the block and from its stub.
for name in single paired bam args device each sorted cram hash hash1; do
    for block in script stub; do
        task=$work/$name/$block
        mkdir "$task"
        while read -r input; do ln -s "$input" "$task/"; done <"$work/$name/inputs"
        (cd "$task" && bash -Cue -o pipefail "../$block.sh" 2>log) || { cat "$task/log" >&2; fail "$name $block"; }
        while read -r glob; do
            compgen -G "$task/$glob" >/dev/null || fail "$name $block: no $glob"
        done <"$work/$name/globs"
        # Tasks run without overwriting (`-C`): a stub makes no file twice, and gzip reads what is named so.
        gzip -t "$task"/*.fastq.gz
    done
    echo "ok $name"
done

# No read is lost, mates stay in step, and the arguments arrive.
all=$(reads_in "$testdata/community_R1.fq.gz")
[ "$(reads_in "$work"/single/script/*coding.fastq.gz)" = "$all" ] || fail "single: reads lost"
[ "$(reads_in "$work"/bam/script/*coding.fastq.gz)" = $((2 * all)) ] || fail "bam: reads lost"
for mate in 1 2; do
    [ "$(reads_in "$work"/paired/script/paired_$mate.*coding.fastq.gz)" = "$all" ] || fail "paired: reads lost"
done
[ -s "$work/hash/script/24328_1#10_2.coding.fastq.gz" ] && [ -s "$work/hash1/script/24328_1#10.coding.fastq.gz" ] ||
    fail "hash: a sample's name was changed"
[ -s "$work/args/script/other.readseeker.json" ] || fail "args: the prefix did not arrive"
grep -q -- '--threshold 0.9 --mates both' "$work/args/script.sh" || fail "args: the arguments did not arrive"
grep -q -- --collate "$work/sorted/script.sh" || fail "sorted: mates are not brought together"
! grep -q -- --collate "$work/each/script.sh" || fail "each: regrouped for nothing"
for block in script stub; do
    for output in bam/$block/bam.{faa,gff3}.gz {bam/$block/bam,paired/$block/paired_1,paired/$block/paired_2}.undecided.fastq.gz; do
        [ -s "$work/$output" ] || fail "no $output"
    done
    for suffix in faa gff3; do
        [ ! -e "$work/single/$block/single.$suffix.gz" ] || fail "single: a $suffix that was not asked for"
    done
done
grep -q 'names are the same (clash.coding.fastq.gz)' "$work/clash/script.error" || fail "clash: an input would be overwritten"
grep -q -- '--model model' "$work/model/script.sh" || fail "model: the model did not arrive"
grep -q -- '--device gpu' "$work/gpu/script.sh" || fail "gpu: the accelerator did not arrive"
diff "$work/containers" - <<'END' || fail "container"
quay.io/biocontainers/readseeker:0.1.0--0
https://depot.galaxyproject.org/singularity/readseeker:0.1.0--0
END
bash -ue "$work/single/version.sh" | grep -Eqx '[0-9]+\.[0-9]+\.[0-9]+' || fail "version"
echo "Nextflow module: rendered by groovy and run by bash, not by Nextflow"
