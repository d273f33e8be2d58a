#!/usr/bin/env bash
# Compares a scores table with testdata/truth.tsv, source by source: how many labels are right (coding = at least half of
# the bases are CDS), and how many frames, of the reads that are coding and have one.
# usage: tests/oracle/scores_vs_truth.sh SCORES.tsv [LEAST SHARE OF RIGHT LABELS]
set -euo pipefail

scores=${1:?usage: scores_vs_truth.sh SCORES.tsv [LEAST]}
truth=$(cd "$(dirname "$0")/../../testdata" && pwd)/truth.tsv

awk -F'\t' -v least="${2:-0}" '
    function row(name, labels, right, framed, in_frame) {
        return sprintf("%-14s %6d %7.3f %7s", name, labels, right / labels, framed ? sprintf("%.3f", in_frame / framed) : "-")
    }
    FNR == 1 { next }
    NR == FNR { source[$1, $2] = $3; share[$1, $2] = $4; frame[$1, $2] = $5; reads++; next }
    !(($1, $2) in source) { print "not a read of the example: " $1 " " $2; bad = 1; exit }
    {
        from = source[$1, $2]
        scored++; labels[from]++
        hit = ($6 == "coding") == (share[$1, $2] >= 0.5)
        right[from] += hit; all_right += hit
        if ($6 == "coding" && $7 != "." && frame[$1, $2] != ".") {
            framed[from]++; all_framed++
            same = $7 == frame[$1, $2]
            in_frame[from] += same; all_in_frame += same
        }
    }
    END {
        if (!bad && scored != reads) { print scored + 0 " reads scored of " reads; bad = 1 }
        if (bad) exit 1
        printf "%-14s %6s %7s %7s\n", "source", "reads", "labels", "frames"
        fflush()
        for (from in labels) print row(from, labels[from], right[from], framed[from], in_frame[from]) | "sort"
        close("sort")
        print row("all", scored, all_right, all_framed, all_in_frame)
        if (all_right / scored < least) { print "fewer labels right than " least; exit 1 }
    }' "$truth" "$scores"
