# make demo   set up, build, simulate a scan and study what acceleration costs
# make test   set up, build and run all tests
# make package  a .deb and a .tar.xz that need no Swift toolchain; make check-package installs it in a bare Debian 12 (root)
# make test-cluster  a cohort on a Slurm of two virtual nodes, by Snakemake, and with processes killed at random (root)
# make fuzz   fuzz parsers and commands, and kill commands, for FUZZ_SECONDS; goes on where the last run ended
# make sanitize  run the tests under the address sanitizer, then under the thread sanitizer
# make build bench bench-peers examples lint docs clean; make bench BENCHMARKS="fourier reading" runs some of them

SWIFT ?= swift
BUILD := .build/release
TESTS := .build-tests
PYTHON ?= python3
APT_PACKAGES := pkg-config libfftw3-dev libopenblas-dev liblapacke-dev libismrmrd-dev libhdf5-dev zlib1g-dev libpng-dev libssl-dev libboost-dev libdcmtk-dev
TEST_PACKAGES := ismrmrd-tools python3-venv elastix chromium dcm2niix dcmtk
CLUSTER_PACKAGES := slurm-wlm python3-venv
CLUSTER_PYTHON_PACKAGES := snakemake==9.27.1 snakemake-executor-plugin-slurm==2.8.0 boutiques==0.5.33
PYTHON_PACKAGES := numpy==2.4.6 scipy==1.17.1 h5py==3.16.0 nibabel==5.4.2 ismrmrd==1.15.0 pandas==3.1.1 bids-validator-deno==3.0.2 pydicom==3.0.2 jsonschema==4.26.0 onnxruntime==1.32.0

# All libraries, by the manifest.
MODULES = $(shell $(SWIFT) package describe --type json | \
  $(PYTHON) -c 'import json, sys; print(*(p["name"] for p in json.load(sys.stdin)["products"] if "library" in p["type"]))')

.PHONY: demo test test-cluster build bench bench-peers examples package check-package fuzz fuzz-parsers fuzz-commands kills \
  sanitize lint docs clean setup test-setup

# Installs what is missing and says so; nothing is touched when all packages are there.
define install
missing=""; for p in $(1); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
if [ -n "$$missing" ]; then \
  if ! command -v apt-get >/dev/null; then \
    echo "These Debian packages, or their like, are needed:$$missing" >&2; exit 3; \
  elif [ "$$(id -u)" = 0 ]; then sudo=""; \
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo="sudo"; \
  else \
    echo "Packages are missing, and this user may not install them. Ask an administrator to run:" >&2; \
    echo "  apt-get install$$missing" >&2; exit 3; \
  fi; \
  echo "Installing$$missing"; \
  $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq $$missing >/dev/null; \
fi
endef

setup:
	@command -v $(SWIFT) >/dev/null || { echo "No Swift toolchain found; see https://www.swift.org/install" >&2; exit 3; }
	@$(call install,$(APT_PACKAGES))

test-setup: setup
	@$(call install,$(TEST_PACKAGES))
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@.venv/bin/python -c 'import numpy, scipy, h5py, nibabel, ismrmrd, pandas, bids_validator_deno, pydicom, jsonschema, onnxruntime' 2>/dev/null || \
	  { echo "Installing the reference Python packages into .venv"; .venv/bin/pip install -q $(PYTHON_PACKAGES); }

# The README's programs are built in the same folder, where a plan that was kept would be that of the other package.
build: setup
	$(SWIFT) build -c release --product kspace --disable-build-manifest-caching

# A simulated scan, what is in it, and the study of what acceleration costs it; and a real scan, where one is at hand.
DEMO := demo
REAL_SCAN ?= ../shared/data/mrd/aspire7T_32ch_2echo_2slice.h5

demo: build
	@rm -rf $(DEMO) && mkdir $(DEMO)
	@echo "1 of 3: a scan of a numerical head, 8 channels, 4 echoes, and what is in it"
	$(BUILD)/kspace phantom --matrix 120x144x72 --voxel-size 1.6x1.6x2mm --echoes 4 -o $(DEMO)/head.h5
	$(BUILD)/kspace info $(DEMO)/head.h5
	@echo "2 of 3: the scan accelerated 2 and 3 times, reconstructed by GRAPPA, L1-SENSE and ReconNet3D's blocks on all channels"
	$(BUILD)/kspace study $(DEMO)/head.h5 -o $(DEMO)/study --methods grappa,l1-sense,reconnet-sense --accelerations 2,3 \
	  --calibration 24x24 --mask $(DEMO)/head_truth/mask.nii.gz \
	  --labels $(DEMO)/head_truth/labels.nii.gz --label-names $(DEMO)/head_truth/labels.tsv
	cd $(DEMO)/study/cells && ../../../$(BUILD)/kspace view zero-filled-as-measured/susceptibility.nii.gz \
	  grappa-af3/susceptibility.nii.gz reconnet-sense-af3/susceptibility.nii.gz -o ../../maps.html
	@echo "3 of 3: a real scan"
	@if [ -f "$(REAL_SCAN)" ]; then \
	  echo "$(BUILD)/kspace reconstruct $(REAL_SCAN) -o $(DEMO)/real"; \
	  $(BUILD)/kspace reconstruct "$(REAL_SCAN)" -o $(DEMO)/real; \
	else \
	  echo "No real scan at $(REAL_SCAN); try yours: make demo REAL_SCAN=scan.h5"; \
	fi
	@echo "Open $(DEMO)/study/report.html in a browser, and $(DEMO)/maps.html, which scrolls through three susceptibility maps"

# Numeric tests run in release: debug is 10 to 140 times slower. Studies note the day on which they were begun, and tests compare
# their bytes: all have the day on which the tests were.
test: export SOURCE_DATE_EPOCH ?= $(shell date +%s)
test: test-setup
	$(SWIFT) test -c release -Xswiftc -enable-testing --scratch-path $(TESTS)

# A cohort on a real Slurm of this machine (root), by Snakemake, and by processes that are killed at random.
CLUSTER := .build-cluster
TRIALS ?= 10

test-cluster: build
	@if [ "$$(id -u)" = 0 ]; then $(call install,$(CLUSTER_PACKAGES)); fi
	@test -x $(CLUSTER)/bin/snakemake || { echo "Installing Snakemake and Boutiques into $(CLUSTER)"; \
	  $(PYTHON) -m venv $(CLUSTER) && $(CLUSTER)/bin/pip install -q $(CLUSTER_PYTHON_PACKAGES); }
	$(BUILD)/kspace app --boutiques >$(CLUSTER)/kspace.json && $(CLUSTER)/bin/bosh validate $(CLUSTER)/kspace.json
	$(PYTHON) Tests/Cluster/simulate.py >/dev/null
	$(PYTHON) Tests/Cluster/kill_trials.py $(BUILD)/kspace --trials $(TRIALS)
	$(PYTHON) Tests/Cluster/slurm.py $(BUILD)/kspace --snakemake $(CLUSTER)/bin

lint:
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests
	.ci/check-modules

# The README's programs, a package of their own, run on a small scan; built where the library was, so that it is not built twice.
EXAMPLES := .build/examples

examples: build
	$(SWIFT) build -c release --package-path Tests/LibraryPackage --scratch-path .build --disable-build-manifest-caching
	@rm -rf $(EXAMPLES) && mkdir $(EXAMPLES)
	cd $(EXAMPLES) && ../release/kspace phantom --matrix 48x58x18 --voxel-size 4x4x8mm --channels 4 --echoes 3 -o head.h5 && \
	  ../release/MapSusceptibility && ../release/Evaluate && ../release/OwnMethod

# Parsers by libFuzzer, guided by coverage; whole commands on mutated inputs; commands killed while they write.
FUZZ := .build-fuzz
FUZZ_SECONDS ?= 600
CASES ?= 2000
KILLS ?= 100
LIBFUZZER = $(shell ls $$(dirname $$(readlink -f $$(command -v swiftc)))/../lib/clang/*/lib/linux/libclang_rt.fuzzer_no_main-x86_64.a)

fuzz: fuzz-parsers fuzz-commands kills

fuzz-parsers: build
	$(SWIFT) build -c release --package-path Tests/Fuzzing --scratch-path $(FUZZ) --product FuzzParsers --sanitize address \
	  -Xswiftc -enable-testing -Xswiftc -Xfrontend -Xswiftc -sanitize=fuzzer -Xlinker $(LIBFUZZER) -Xlinker -lstdc++
	$(PYTHON) Tests/Fuzzing/fuzz.py --fuzzer $(FUZZ)/release/FuzzParsers --kspace $(BUILD)/kspace --seconds $(FUZZ_SECONDS)

fuzz-commands: build
	@mkdir -p $(FUZZ)
	$(PYTHON) Tests/Fuzzing/blackbox.py --kspace $(BUILD)/kspace --cases $(CASES) --work $(FUZZ)/commands --state $(FUZZ)/commands/state

kills: build
	@mkdir -p $(FUZZ)
	$(PYTHON) Tests/Fuzzing/kills.py --kspace $(BUILD)/kspace --kills $(KILLS) --state $(FUZZ)/kills-state

# Each takes a build of its own. Libraries underneath keep memory to the end, which is no leak of ours; the runtime's own
# reports of crashes would hold up those of the sanitizer, and faults are the command's to tell, as a test demands. What is
# preloaded tells the thread sanitizer of locks that Swift's library waits for. Left out are commands within limits of their
# addresses, of which sanitizers take terabytes, and for the thread sanitizer, which a signal finds in its own locks, the test of
# faults. SANITIZED narrows the tests:
# make sanitize SANITIZED="--filter RawDataTests".
SANITIZERS ?= address thread
CLANG = $$(dirname $$(readlink -f $$(command -v swiftc)))/clang

sanitize: test-setup
	for kind in $(SANITIZERS); do \
	  $(SWIFT) build --build-tests -c release -Xswiftc -enable-testing --sanitize $$kind --scratch-path .build-$$kind && \
	  preload="" && skipped="--skip blackBox" && if [ $$kind = thread ]; then \
	    skipped="$$skipped --skip lastWord" && preload=$$PWD/.build-thread/mutex.so && $(CLANG) -shared -fPIC -O1 -o $$preload Tests/Sanitizers/mutex.c -ldl; \
	  fi && \
	  LD_PRELOAD=$$preload TSAN_OPTIONS=handle_segv=0 ASAN_OPTIONS=detect_leaks=0:handle_segv=0 SWIFT_BACKTRACE=enable=no \
	  $(SWIFT) test --skip-build -c release -Xswiftc -enable-testing --sanitize $$kind --scratch-path .build-$$kind $$skipped $(SANITIZED) || exit; \
	done

# The command with Swift's runtime inside, its resources, man pages and completions.
package: setup
	@$(call install,dpkg-dev python3)
	SWIFT=$(SWIFT) .ci/package .build-package/out

check-package: package
	@$(call install,debootstrap)
	.ci/check-package .build-package/out/kspace_*.deb

bench: setup
	$(SWIFT) build -c release --product Benchmarks
	$(BUILD)/Benchmarks $(BENCHMARKS)

# Parallel imaging beside BART, SigPy, pygrappa and mrpro on the same data; about an hour of one core.
PEERS := .build-peers
SHARED_DATA ?= ../shared/data

bench-peers: build
	$(SWIFT) build -c release --product Benchmarks
	Sources/Benchmarks/Peers/setup.sh $(PEERS) $(PYTHON)
	mkdir -p $(PEERS)/results
	cd $(PEERS) && for table in quality speed; do \
	  nice venv/bin/python ../Sources/Benchmarks/Peers/$$table.py | tee results/$$table.md || exit; \
	done
	@if [ -d "$(SHARED_DATA)/mrd" ]; then \
	  data=$$(realpath "$(SHARED_DATA)") && cd $(PEERS) && \
	  venv/bin/python ../Sources/Benchmarks/Peers/brain.py $$data | tee results/brain.md; \
	else echo "No real data at $(SHARED_DATA): make bench-peers SHARED_DATA=folder"; fi

# One site for all modules, in docs-html.
docs: setup
	$(SWIFT) package --allow-writing-to-directory docs-html generate-documentation \
	  --enable-experimental-combined-documentation $(MODULES:%=--target %) --output-path docs-html
	@echo "Open docs-html/index.html through a web server, or read docs-html/data"

clean:
	rm -rf .build .build-package .build-address .build-thread $(FUZZ) $(TESTS) $(PEERS) $(CLUSTER) demo
