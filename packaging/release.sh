#!/usr/bin/env bash
# Makes the release archives for one target: the program with its man pages, completions, licences, README and docs, and a
# SHA-256 beside each. Two flavours: the default one (GPUs through Vulkan, Metal or DX12) and one
# without GPU support, which is a third of its size.
# usage: packaging/release.sh TARGET [gpu|cpu]     (without a flavour: both)
#
# A target other than this machine's cannot print its own man pages: name a program that runs here in READSEEKER_HOST.
# What was built before in the same target folder is reused. Archives go to target/dist, or to DIST. PROFILE=release leaves out the
# long link that makes the program a quarter smaller.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${1:?usage: packaging/release.sh TARGET [gpu|cpu]}
flavours=${2:-gpu cpu}
host=$(rustc -vV | sed -n 's/^host: //p')
version=$(cargo pkgid | sed 's/.*[#@]//')
build=${CARGO_TARGET_DIR:-target}
dist=${DIST:-$build/dist}
profile=${PROFILE:-packaged}
mkdir -p "$dist"

# Timestamps in the archive are those of the commit, so that the same build gives the same archive.
stamp=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
tar=$(command -v gtar || command -v tar)
sha256() { if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi; }
size() { wc -c <"$1" | awk '{ printf "%.1f MB", $1 / 1e6 }'; }

# Builds one flavour and prints where the program is. For this machine's own target no `--target` is given, so that
# the archive is made of the build that was tested.
compile() {
    local options=(--profile "$profile" --locked --bin readseeker) folder=$build/$profile
    [ "$1" = gpu ] || options+=(--no-default-features --features "fetch,train")
    [ "$target" = "$host" ] || { options+=(--target "$target") folder=$build/$target/$profile; }
    local smaller=()
    read -ra smaller <<<"$(packaging/link_args.sh "$target")"
    cargo rustc "${options[@]}" -- ${smaller[@]+"${smaller[@]}"} >&2
    echo "$folder/readseeker"
}

archive() {
    local flavour=$1 program name suffix='' folder
    [ "$flavour" = gpu ] || suffix=-cpu
    name=readseeker-$version-$target$suffix
    program=$(compile "$flavour")
    folder=$(mktemp -d)/$name
    mkdir "$folder"
    cp "$program" "$folder/readseeker"
    ${STRIP:-strip} "$folder/readseeker"
    if [ "$target" = "$host" ]; then
        packaging/extras.sh "$folder/readseeker" "$folder"
    else
        packaging/extras.sh "${READSEEKER_HOST:?a readseeker that runs here, for man pages and completions}" "$folder"
    fi
    cp README.md CHANGELOG.md LICENSE THIRDPARTY.md CITATION.cff "$folder/"
    cp -r docs "$folder/"
    $tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$stamp" \
        -C "$(dirname "$folder")" -cf - "$name" | gzip -9n >"$dist/$name.tar.gz"
    (cd "$dist" && sha256 "$name.tar.gz" >"$name.tar.gz.sha256")
    echo "$name.tar.gz: $(size "$dist/$name.tar.gz"), program $(size "$folder/readseeker")"
    rm -r "$(dirname "$folder")"
}

for flavour in $flavours; do
    case $flavour in
    gpu | cpu) archive "$flavour" ;;
    *) echo "not a valid flavour: $flavour; expected gpu or cpu" >&2 && exit 2 ;;
    esac
done
