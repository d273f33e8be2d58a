#!/usr/bin/env bash
# Makes a Debian package of the program that release.sh built (PROFILE as there), with Debian's own tools (dpkg-deb, and dpkg-shlibdeps of dpkg-dev).
# usage: packaging/deb.sh FOLDER [FLAGS OF DPKG-DEB...]
set -euo pipefail
umask 022 # what is written here, everybody may read

folder=$(realpath --canonicalize-missing "${1:?usage: packaging/deb.sh FOLDER [FLAGS...]}")
cd "$(dirname "$0")/.."
program=${CARGO_TARGET_DIR:-target}/${PROFILE:-packaged}/readseeker
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
share=$root/usr/share
# Timestamps are those of the commit, so that the same build gives the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH

install -D "$program" "$root/usr/bin/readseeker"
strip "$root/usr/bin/readseeker"
packaging/extras.sh "$program" "$work/extras"
install -D -m 644 -t "$share/man/man1" "$work"/extras/man/man1/*.1
gzip -9n "$share"/man/man1/*.1
install -D -m 644 "$work/extras/completions/readseeker.bash" "$share/bash-completion/completions/readseeker"
install -D -m 644 -t "$share/zsh/vendor-completions" "$work/extras/completions/_readseeker"
install -D -m 644 -t "$share/fish/vendor_completions.d" "$work/extras/completions/readseeker.fish"
install -D -m 644 -t "$share/doc/readseeker" README.md THIRDPARTY.md
install -m 644 CHANGELOG.md "$share/doc/readseeker/changelog"
cat >"$share/doc/readseeker/copyright" <<'END'
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: readseeker
Comment: THIRDPARTY.md.gz has the licences of the libraries in the program.

Files: *
Copyright: 2026 The readseeker developers
License: Apache-2.0

License: Apache-2.0
 On Debian systems, the text of the Apache License 2.0 is in
 /usr/share/common-licenses/Apache-2.0.
END
version=$(cargo pkgid | sed 's/.*[#@]//')-1
date=$(date --utc --rfc-email --date "@$SOURCE_DATE_EPOCH")
printf '%s\n' "readseeker ($version) unstable; urgency=medium" '' '  * New upstream release.' '' " -- The readseeker developers  $date" \
    >"$share/doc/readseeker/changelog.Debian"
gzip -9n "$share/doc/readseeker/"{THIRDPARTY.md,changelog,changelog.Debian}

# dpkg-shlibdeps says which versions of which libraries the program needs. It wants to be in the folder of a source package.
mkdir "$work/debian" "$root/DEBIAN"
printf '%s\n' 'Source: readseeker' '' 'Package: readseeker' 'Architecture: any' >"$work/debian/control"
libraries=$(cd "$work" && dpkg-shlibdeps -O root/usr/bin/readseeker | sed -n 's/^shlibs:Depends=//p')
cat >"$root/DEBIAN/control" <<END
Package: readseeker
Version: $version
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

mkdir -p "$folder"
dpkg-deb --root-owner-group "${@:2}" --build "$root" "$folder" >/dev/null
