# The everyday commands. Each sets up what it needs first; `./just …` works without `just` installed.

export CARGO_TERM_COLOR := env("CARGO_TERM_COLOR", "auto")
ecgfm := "cargo run --quiet --release --package ecgfm-cli --bin ecgfm --"
built := env("CARGO_TARGET_DIR", "target") / "release"

# What there is.
default:
    @just --justfile "{{ justfile() }}" --list

# Fetch the pinned build tools (just, CMake, libtorch) into .tools/.
setup what="build":
    @tools/setup {{ what }}

# Build the `ecgfm` program, optimised.
build: setup
    cargo build --release --package ecgfm-cli

# Install `ecgfm` into cargo's bin directory.
install: setup
    cargo install --locked --path crates/cli

# Pack the programs with libtorch for machines without a network, Python or a compiler, into dist/, in place of an older archive.
archive: build
    rm -f dist/ecgfm-*.tar.gz*
    packaging/archive

# Pack the programs as a Python wheel, which takes the libtorch of the installed PyTorch, into dist/, in place of an older wheel.
wheel: build
    rm -f dist/ecgfm-*.whl
    python3 packaging/wheel.py {{ built }} dist

# The documentation as a site with search, in target/site/book/; dead links are an error.
docs: build (setup "docs")
    python3 docs/book/build.py {{ built }}/ecgfm

# Every command of docs/install.md, as it stands there, in an environment of its own.
install-page: build
    tools/try_install_page

# A container of what is committed, built and tried. ENGINE: docker, podman or apptainer.
try-image engine="docker":
    tools/try_image {{ engine }}

# Everything of a release, into dist/: archive, wheel, list of dependencies with their licences (CycloneDX), checksums.
release: archive wheel (setup "release")
    PATH="$PWD/.tools/release/bin:$PATH" cargo cyclonedx --quiet --format json --spec-version 1.5 --manifest-path crates/cli/Cargo.toml --override-filename ecgfm.cdx
    sed "s|$PWD/||g" crates/cli/ecgfm.cdx.json > dist/ecgfm.cdx.json && rm -f crates/*/ecgfm.cdx.json
    cd dist && sha256sum *.tar.gz *.whl *.json > SHA256SUMS

# Run a pipeline: `just pipeline code15`, `just pipeline code15 full --set vars.raw=DIR`.
pipeline name profile="" *args: build
    {{ ecgfm }} run {{ name }} {{ if profile == "" { "" } else { "--profile " + profile } }} {{ args }}

# Run one stage again on what is on disk: `just stage code15 infer`.
stage name stage *args: build
    {{ ecgfm }} run {{ name }} --only {{ stage }} --force {{ args }}

# What is fresh, stale or missing, and why.
status name *args: build
    {{ ecgfm }} status {{ name }} {{ args }}

# The stage graph as text, mermaid or dot.
graph name format="text": build
    {{ ecgfm }} graph {{ name }} --format {{ format }}

# Train the demo model anew, on synthetic ECGs, into models/demo/. The next build bundles it.
demo-model *args: build
    {{ ecgfm }} demo-model --out models/demo {{ args }}

# Train the demo model of another family anew, a Net1D, into models/demo_net1d/. The next build bundles it.
demo-net1d *args: build
    {{ ecgfm }} demo-model --network net1d --steps 600 --threads 1 --out models/demo_net1d {{ args }}

# All tests, including parity with numpy, scipy, pandas, scikit-learn and h5py.
test *args: (setup "test")
    cargo test --workspace --quiet {{ args }}

# Kill runs at every point of a publication and at random times: `just torture 1000`; or, as `just torture 200 42 shards`, divide the
# long stages among processes that are killed, in random schedules. See tests/reliability/points.md.
torture trials="1000" seed="42" mode="torture": setup
    cargo build --release --package ecgfm-cli --features failpoints
    dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cp {{ built }}/ecgfm {{ built }}/ecgfm-torch "$dir/" && \
      cargo build --quiet --release --package ecgfm-cli && \
      ECGFM_PROGRAM="$dir/ecgfm" ECGFM_TORTURE_TRIALS={{ trials }} ECGFM_TORTURE_SEED={{ seed }} \
      cargo test --package ecgfm-cli --test reliability {{ mode }} -- --nocapture

# Fuzz the readers of untrusted files, so many seconds each: `just fuzz 600`, `just fuzz 60 pt mat`; fuzz/README.md.
fuzz seconds="60" *targets:
    fuzz/run {{ seconds }} {{ targets }}

# Every command of docs/tutorial.md and pipelines.md, compared with what the page shows; `just tutorial update` writes what they print.
tutorial mode="check": setup
    ECGFM_TUTORIAL={{ mode }} cargo test --workspace --quiet --test tutorial

# Licences, duplicate versions, banned crates and sources of all dependencies; `just deny advisories` asks for known flaws.
deny what="licenses bans sources": (setup "deny")
    .tools/deny/bin/cargo-deny --locked check --hide-inclusion-graph {{ what }}

# Formatting, lints, documentation, dependencies.
lint: setup deny
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --quiet -- --deny warnings
    RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --quiet

# Kernels one by one (`cargo bench`), then whole stages on 1,000, 5,000 and 20,000 synthetic exams: rates, bytes, peak memory, floors.
bench sizes="1000 5000 20000": build
    cargo bench --quiet --package ecgfm-recipe --package ecgfm-model --package ecgfm-infer
    cargo run --quiet --release --package ecgfm-formats --example throughput
    dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && \
      cargo run --quiet --release --package ecgfm-synth --example rate -- 2000 "$dir"
    dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && \
      python3 benches/stages.py {{ built }}/ecgfm "$dir" {{ sizes }}

# The same work in numpy, scipy, pandas, scikit-learn and PyTorch, side by side, as ratios. Fetches PyTorch, 4.7 GB, and writes 45 GB.
bench-peer exams="20000" segments="128": (setup "bench") build
    dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && \
      {{ built }}/ecgfm synth --quiet --exams {{ exams }} -o "$dir/raw" && \
      PYTHONPATH=.tools/pytest python3 benches/signals_peer.py {{ built }}/ecgfm "$dir/raw" 1000
    dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && \
      {{ built }}/ecgfm synth --quiet --layout ptbxl --exams {{ exams }} -o "$dir/ptbxl" && \
      {{ built }}/ecgfm synth --quiet --layout muse --exams {{ exams }} -o "$dir/muse" && \
      PYTHONPATH=.tools/pytest:.tools/wfdb python3 benches/recordings_peer.py {{ built }}/ecgfm "$dir/ptbxl" "$dir/muse"
    cargo build --quiet --release --package ecgfm-recipe --example filter_steps
    PYTHONPATH=.tools/pytest python3 benches/filters_peer.py {{ built }}/examples/filter_steps
    PYTHONPATH=.tools/pytest python3 benches/tables_peer.py {{ built }}/ecgfm
    cargo run --quiet --release --package ecgfm-evaluate --example full_size
    dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && \
      PYTHONPATH=$([ -d .tools/torch ] && echo .tools/torch || echo .tools/libtorch) python3 benches/infer_peer.py {{ built }}/ecgfm "$dir" {{ segments }}

# The whole pipeline on as many synthetic exams as CODE-15 has, then again with nothing to do. Writes about 9 GB.
bench-again exams="345779": (setup "test") build
    dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && \
      PYTHONPATH=.tools/pytest python3 benches/again.py {{ built }}/ecgfm "$dir" {{ exams }}

# How the stages that work on tables grow: at 1/16, 1/4 and the whole of the size of CODE-15.
bench-growth: (setup "test") build
    PYTHONPATH=.tools/pytest python3 benches/tables_peer.py {{ built }}/ecgfm growth

# Time and memory of the stages that work on tables, on so many synthetic exams: rows only. Ten million need 25 GB of disk.
bench-large exams="345779 1000000" times="5": (setup "test") build
    dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && \
      PYTHONPATH=.tools/pytest python3 benches/large.py --times {{ times }} {{ built }}/ecgfm "$dir" {{ exams }}
