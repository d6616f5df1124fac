# Everything is set up inside this folder: .venv (Python packages) and .tools (programs). Nothing is installed elsewhere.
PYTHON ?= python3
DURATION ?= 0
DATA ?= bench-data
DETECTOR ?= seasonal
PROMETHEUS ?= http://127.0.0.1:9090
SCHEMAS := kubernetes-validate==1.37.0 cloudcoil-models-prometheus-operator==0.80.1.0
BIN := .venv/bin
PIN := .venv/bin/uv pip compile --quiet --python-version 3.11 --generate-hashes
export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/.venv/bin:$(PATH)
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-heavy test-deep test-visual test-chart test-victoria test-machine picture bench bench-quality bench-budget bench-replay bench-incidents lint golden clean lock
help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

.venv/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	$(BIN)/offkey models compile
	touch $@

.tools/.binaries: tools/debian-binaries.sh
	tools/debian-binaries.sh .tools && touch $@

.tools/.helm: tools/helm.py | .venv/.installed
	$(BIN)/python tools/helm.py .tools && touch $@

.tools/.kubernetes: tools/manifests.py
	$(PYTHON) -m venv .tools/kubernetes
	.tools/kubernetes/bin/pip install --quiet --disable-pip-version-check $(SCHEMAS)
	touch $@

demo: .venv/.installed ## A streaming platform, a real Prometheus, an outage, one page (DURATION=240 ends by itself)
	-@$(MAKE) --no-print-directory .tools/.binaries
	$(BIN)/offkey demo --duration $(DURATION)

test: .venv/.installed .tools/.binaries .tools/.helm ## Every test that runs in minutes, on the real programs
	$(BIN)/python -m pytest -m "not slow and not e2e" --numprocesses 2 --dist loadfile
	$(BIN)/python -m pytest -m "e2e and not slow"

test-heavy: .venv/.installed .tools/.binaries .tools/.helm ## What takes longer: 10,000 hostile rule sets, 1,000 reloads, all mutants
	$(BIN)/python -m pytest -m slow

.venv/.deep: requirements-deep.lock | .venv/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-deep.lock
	touch $@

test-deep: .venv/.deep ## Test what needs torch (extra deep)
	$(BIN)/python -m pytest tests/contracts tests/unit/models -k "lstm or hybrid or recurrent"

test-visual: .venv/.installed .tools/.binaries ## Draw every panel in Chromium (fetches Grafana's components once)
	$(BIN)/python -m pytest tests/visual

test-chart: .tools/.helm .tools/.kubernetes ## The chart's manifests against Kubernetes 1.25, 1.30 and 1.37 and the operator
	mkdir -p .tools/rendered
	for case in helm/offkey/ci/*-values.yaml; do \
	  helm template demo helm/offkey --namespace apps -f $$case > .tools/rendered/$$(basename $$case) || exit 1; done
	.tools/kubernetes/bin/python tools/manifests.py .tools/rendered/*.yaml

test-victoria: .venv/.installed ## Read histories from a real VictoriaMetrics
	tools/debian-binaries.sh .tools victoria-metrics
	$(BIN)/python -m pytest tests/e2e/test_source_victoria.py

test-machine: .venv/.installed .tools/.binaries ## The node preset on this machine for 50 minutes: quiet, then faults (root)
	tools/debian-binaries.sh .tools node-exporter
	$(BIN)/python -m pytest tests/machine -s

picture: .venv/.installed ## The pictures of the documentation, from a running make demo
	$(BIN)/python tests/visual/draw.py --prometheus $(PROMETHEUS) --from now-12m --height 916 --output docs/images overview exporter tuning
	$(BIN)/python tests/visual/draw.py --prometheus $(PROMETHEUS) --from now-6h --height 916 --output docs/images series
	$(BIN)/python tests/visual/draw.py --prometheus $(PROMETHEUS) --from now-24h --height 916 --signal plays --output docs/images forecast

.venv/.bench: requirements-bench.lock | .venv/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	touch $@

bench: .venv/.bench .tools/.binaries ## Measure the data path on a real Prometheus, 1,000 to 100,000 series, against baselines and a budget
	$(BIN)/python -m tests.bench.reading
	$(BIN)/python -m tests.bench.path

bench-quality: .venv/.bench ## Score detectors and forecasters on labelled series (DATA=folder of parquet files)
	$(BIN)/python -m tests.bench.quality --data $(DATA) --detector $(DETECTOR)
	$(BIN)/python -m tests.bench.forecasts --data $(DATA)

bench-incidents: .venv/.installed ## Play the music pack's incidents: which are paged in time, and what else is (half an hour)
	$(BIN)/python -m tests.bench.incidents

bench-budget: .venv/.bench ## Tune alerts to a budget on first halves, count pages on second halves (DATA=folder)
	$(BIN)/python -m tests.bench.budget --data $(DATA) --detector $(DETECTOR)

bench-replay: .venv/.installed ## Replay 115 rules of every shape over 30 days
	$(BIN)/python -m tests.bench.replay

lint: .venv/.installed ## Style, types, layers, sizes
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/sizes.py exporter

golden: .venv/.installed .tools/.binaries .tools/.helm ## Write the golden files anew; read the diff
	$(BIN)/python -m pytest -m "not slow" -k golden --golden

lock: ## Pin every dependency anew
	$(PIN) --extra test --extra dev --extra dask pyproject.toml -o requirements.lock
	$(PIN) --extra test --extra dev --extra dask --extra bench -c requirements.lock pyproject.toml -o requirements-bench.lock
	$(PIN) --extra deep -c requirements.lock pyproject.toml -o requirements-deep.lock

clean: ## Remove what was set up here
	rm -rf .venv .tools .demo
