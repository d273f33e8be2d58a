#!/bin/bash
set -euxo pipefail

export CARGO_PROFILE_PACKAGED_STRIP=symbols
cargo-bundle-licenses --format yaml --output THIRDPARTY.yml
cargo install --no-track --locked --verbose --profile packaged --root "${PREFIX}" --path .

# Only a program made for this machine can print its own man pages and completions.
if [[ "${CONDA_BUILD_CROSS_COMPILATION:-0}" != "1" ]]; then
    packaging/extras.sh "${PREFIX}/bin/readseeker" extras
    install -d "${PREFIX}/share/man/man1"
    install -m 644 extras/man/man1/*.1 "${PREFIX}/share/man/man1/"
    install -D -m 644 extras/completions/readseeker.bash "${PREFIX}/share/bash-completion/completions/readseeker"
    install -D -m 644 extras/completions/_readseeker "${PREFIX}/share/zsh/site-functions/_readseeker"
    install -D -m 644 extras/completions/readseeker.fish "${PREFIX}/share/fish/vendor_completions.d/readseeker.fish"
fi
