# RaterLens: the entry points. `make` lists them; docs/building.md explains each step.

.DEFAULT_GOAL := help
.PHONY: help setup build demo test test-rust test-cmake test-tools lint format bench docs train-demo clean distclean
# Several targets share the cargo and CMake build folders: one recipe at a time.
.NOTPARALLEL:

PYTHON ?= python3
CARGO ?= cargo
# The image of `make demo`; empty: the sample case that comes with RaterLens.
INPUT ?=
DEMO_DIR ?= build/demo
# What `make demo` has to set up (see `python3 tools/setup.py --list`).
DEMO_STEPS ?= system rust torch itk cmake slicer-host
# Further arguments of the program, for example SEGMENT_ARGS="--device cuda".
SEGMENT_ARGS ?=
TRAIN_ARGS ?=
# Further arguments of the comparison with other programs, for example PEERS_ARGS="--rounds 5 --only overlap".
PEERS_ARGS ?=
# Further arguments of the comparison with PyTorch, for example NETWORKS_ARGS="--network unet --no-train".
NETWORKS_ARGS ?=

VENV := .cache/venv
SETUP := $(PYTHON) tools/setup.py
PROGRAM := build/bin/raterlens
SAMPLE := build/share/raterlens/sample
CMAKE_DIR := build/cmake
# A pinned CMake is in the environment only where the machine's own is too old. Looked up when used: set-up comes first.
CMAKE = $(shell [ -x $(VENV)/bin/cmake ] && echo $(VENV)/bin/cmake || echo cmake)
CTEST = $(shell [ -x $(VENV)/bin/ctest ] && echo $(VENV)/bin/ctest || echo ctest)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null \
	  || sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1: \2/p' $(MAKEFILE_LIST)

setup: ## install everything that is missing (pinned, resumable, repeatable)
	@$(SETUP) all

build: ## build the program: build/bin/raterlens
	@$(SETUP) system rust torch itk
	@$(MAKE) --no-print-directory .build

.PHONY: .build
.build:
	$(CARGO) build --release --locked --workspace
	@$(PYTHON) tools/stage.py

DEMO_IMAGE = $(if $(INPUT),$(INPUT),$(SAMPLE)/image.nii.gz)
DEMO_MODEL = build/share/raterlens/models/demo-lumbar.rlmodel

demo: ## set up, build, segment the sample case (or INPUT=image.nii.gz) into build/demo
	@$(SETUP) $(DEMO_STEPS)
	@$(MAKE) --no-print-directory .build .slicer-logic
	$(PROGRAM) segment "$(DEMO_IMAGE)" -o "$(DEMO_DIR)" --force $(SEGMENT_ARGS)
	@PYTHONPATH=$(CMAKE_DIR)/python $(VENV)/bin/python slicer_module/Testing/Python/render_case.py "$(DEMO_IMAGE)" \
	  --model $(DEMO_MODEL) --scene "$(DEMO_DIR)/scene.mrb" --output "$(DEMO_DIR)/views.png" >/dev/null
	@echo "  open $(DEMO_DIR)/scene.mrb in 3D Slicer; $(DEMO_DIR)/views.png shows its slice views"

# What the demo needs of the C++ build: the Slicer module's Logic with its Python wrapping.
.PHONY: .configure .slicer-logic
.configure:
	@$(CMAKE) -S . -B $(CMAKE_DIR) -G Ninja -DCMAKE_BUILD_TYPE=Release -DPython3_EXECUTABLE=$(CURDIR)/$(VENV)/bin/python \
	  --log-level=WARNING
.slicer-logic: .configure
	@$(CMAKE) --build $(CMAKE_DIR) --target vtkSlicerRaterLensModuleLogicPython

test: ## set up and run every test: Rust, C++, hosts, end to end, tools
	@$(SETUP) all
	@$(MAKE) --no-print-directory .build
	@$(MAKE) --no-print-directory test-tools
	@$(MAKE) --no-print-directory test-rust
	@$(MAKE) --no-print-directory test-cmake

test-rust: ## only the Rust tests
	$(CARGO) test --release --locked --workspace

test-cmake: .configure ## only the C++, host and end-to-end tests
	$(CMAKE) --build $(CMAKE_DIR)
	$(CTEST) --test-dir $(CMAKE_DIR) --output-on-failure --no-tests=error

test-tools: ## only the tests of the set-up itself
	$(VENV)/bin/python -m unittest discover --buffer -s tools/tests -t tools

lint: ## formatting, clippy, Python lint, documentation links, repository hygiene
	@$(SETUP) system rust torch itk dev-tools
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --workspace --all-targets --locked -- -D warnings
	$(VENV)/bin/python tools/checks/cpp_format.py
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(PYTHON) tools/checks/links.py
	$(PYTHON) tools/checks/hygiene.py

format: ## put all sources into the agreed format
	@$(SETUP) dev-tools
	$(CARGO) fmt --all
	$(VENV)/bin/python tools/checks/cpp_format.py --write
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

bench: ## run the benchmarks, and other programs beside RaterLens where they are installed
	@$(SETUP) system rust torch itk
	$(CARGO) bench --locked --workspace
	$(CARGO) build --release --locked -p raterlens-core --example time_job
	$(PYTHON) tools/bench/peers.py $(PEERS_ARGS)
	$(CARGO) build --release --locked -p raterlens-nn --examples
	$(PYTHON) tools/bench/networks.py $(NETWORKS_ARGS)

docs: ## build the Rust documentation: target/doc
	@$(SETUP) system rust torch itk
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --locked --workspace --no-deps

train-demo: ## train models/demo-lumbar.rlmodel anew on synthetic images (TRAIN_ARGS=...)
	@$(SETUP) system rust torch itk
	@$(MAKE) --no-print-directory .build
	$(PROGRAM) train -o models/demo-lumbar.rlmodel $(TRAIN_ARGS)

clean: ## delete what was built (keeps the downloads in .cache)
	rm -rf build target

distclean: clean ## delete the downloads, too
	rm -rf .cache
