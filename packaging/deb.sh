#!/usr/bin/env bash
# Makes a Debian package of the program that was built last, with cargo-deb: its settings are in Cargo.toml.
# usage: packaging/deb.sh FOLDER [FLAGS OF CARGO DEB...]
set -euo pipefail

folder=$(realpath --canonicalize-missing "${1:?usage: packaging/deb.sh FOLDER [FLAGS...]}")
cd "$(dirname "$0")/.."
build=${CARGO_TARGET_DIR:-target}/release
rm -rf "$build/extras"
packaging/extras.sh "$build/readseeker" "$build/extras"
mkdir -p "$folder"
cargo deb --quiet --no-build --output "$folder" "${@:2}"
