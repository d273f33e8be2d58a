#!/usr/bin/env bash
# Makes a Debian package of the program that release.sh built (PROFILE as there), with Debian's own tools (dpkg-deb, and dpkg-shlibdeps of dpkg-dev).
# usage: packaging/deb.sh FOLDER [FLAGS OF DPKG-DEB...]
set -euo pipefail

folder=$(realpath --canonicalize-missing "${1:?usage: packaging/deb.sh FOLDER [FLAGS...]}")
cd "$(dirname "$0")/.."
program=${CARGO_TARGET_DIR:-target}/${PROFILE:-packaged}/readseeker
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
share=$root/usr/share

install -D "$program" "$root/usr/bin/readseeker"
strip "$root/usr/bin/readseeker"
packaging/extras.sh "$program" "$work/extras"
install -D -m 644 -t "$share/man/man1" "$work"/extras/man/man1/*.1
gzip -9n "$share"/man/man1/*.1
install -D -m 644 "$work/extras/completions/readseeker.bash" "$share/bash-completion/completions/readseeker"
install -D -m 644 -t "$share/zsh/vendor-completions" "$work/extras/completions/_readseeker"
install -D -m 644 -t "$share/fish/vendor_completions.d" "$work/extras/completions/readseeker.fish"
install -D -m 644 -t "$share/doc/readseeker" README.md CHANGELOG.md THIRDPARTY.md
install -D -m 644 LICENSE "$share/doc/readseeker/copyright"

# dpkg-shlibdeps says which versions of which libraries the program needs. It wants to be in the folder of a source package.
mkdir "$work/debian" "$root/DEBIAN"
printf '%s\n' 'Source: readseeker' '' 'Package: readseeker' 'Architecture: any' >"$work/debian/control"
libraries=$(cd "$work" && dpkg-shlibdeps -O root/usr/bin/readseeker | sed -n 's/^shlibs:Depends=//p')
cat >"$root/DEBIAN/control" <<END
Package: readseeker
Version: $(cargo pkgid | sed 's/.*[#@]//')-1
Architecture: $(dpkg --print-architecture)
Section: science
Priority: optional
Maintainer: The readseeker developers
Installed-Size: $(du -sk "$root/usr" | cut -f 1)
Depends: $libraries
Recommends: libvulkan1
Description: separates coding from non-coding sequencing reads
 Reads BAM, SAM, CRAM, FASTQ and FASTA, and writes each read unchanged to the
 file of its class, without a reference or an assembly. A small neural network
 is built in; checkpoints of the published ReadSeeker run as well.
END

# Timestamps are those of the commit, so that the same build gives the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH
mkdir -p "$folder"
dpkg-deb --root-owner-group "${@:2}" --build "$root" "$folder" >/dev/null
