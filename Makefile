# Cairn's verbs; `make` alone lists them. Needs make and Python 3.11 or newer, nothing else.

# Which Python makes .venv; where none is named, the first that works of PYTHONS.
PYTHON ?=
PYTHONS := python3.13 python3.12 python3.11 python3
IN := .venv/bin
TEST := $(IN)/python -m pytest
CHECK_DATA := .venv/check-data
PAGES = $$(find templates tracker -name '*.html' -o -path 'templates/*' -name '*.txt')

# Shell: makes sure that .venv holds what requirements/$(1).txt lists; milliseconds where it does.
define environment
if ! $(IN)/python -I .ci/environment.py --installed requirements/$(1).txt 2>/dev/null; then \
	for python in $(or $(PYTHON),$(PYTHONS)) none; do \
		$$python -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && break; \
	done; \
	if [ "$$python" = none ]; then \
		echo "Cairn needs Python 3.11 or newer with its venv module; tried: $(or $(PYTHON),$(PYTHONS)). Install one, or name it: PYTHON=/path/to/python." >&2; exit 1; \
	fi; \
	"$$python" .ci/environment.py requirements/$(1).txt || exit 1; \
fi
endef

.PHONY: help run test coverage check soak bench demo format lock

help:  ## list the verbs
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' Makefile | while IFS='|' read -r verb does; do printf '  make %-8s %s\n' "$$verb" "$$does"; done

run:  ## start Cairn at http://127.0.0.1:8000 (PORT=, HOST=, CAIRN_DATA=)
	@$(call environment,base); exec $(IN)/python manage.py run

test:  ## run the whole suite on SQLite and PostgreSQL, in a browser and under faults
	@$(call environment,check)
	@echo "== SQLite"
	@$(TEST) -n auto -m "not browser and not faults"
	@echo "== PostgreSQL"
	@CAIRN_TEST_DB=postgres $(TEST) -n auto -m "not browser and not faults" --touching-database
	@echo "== Browser and faults"
	@$(TEST) -n2 --dist worksteal -m "browser or faults"

coverage:  ## run the suite on SQLite and say which branches it did not take; fails below 92 %
	@$(call environment,check)
	@rm -f .coverage .coverage.*
	@$(TEST) -n auto -m "not browser and not faults" --cov --cov-report=
	@$(IN)/coverage report

soak:  ## run fault and fuzz tests at larger numbers (CAIRN_FAULT_LEARNERS=, _KILLS=, _SEED=, CAIRN_FUZZ_INPUTS=)
	@$(call environment,check)
	@seed=$${CAIRN_FAULT_SEED:-$$(date +%s)}; echo "Moments by CAIRN_FAULT_SEED=$$seed"; CAIRN_FAULT_SEED=$$seed \
		CAIRN_FAULT_LEARNERS=$${CAIRN_FAULT_LEARNERS:-2000} CAIRN_FAULT_KILLS=$${CAIRN_FAULT_KILLS:-40} \
		$(TEST) -n0 -m faults --durations=20
	@CAIRN_FUZZ_INPUTS=$${CAIRN_FUZZ_INPUTS:-20000} $(TEST) -n0 tests/evidence/reports/test_fuzz.py --durations=5

check:  ## formatting, types, import contracts, migrations, curriculum, deployment, containers
	@$(call environment,check)
	$(IN)/ruff check .
	$(IN)/ruff format --check .
	@echo "$(IN)/djade --check (every template)"; $(IN)/djade --target-version 5.2 --check $(PAGES)
	$(IN)/mypy
	$(IN)/lint-imports
	$(TEST) -q -n0 -p no:cacheprovider tests/test_requirements.py
	CAIRN_DATA=$(CHECK_DATA) $(IN)/python manage.py makemigrations --check --dry-run
	CAIRN_DATA=$(CHECK_DATA) $(IN)/python manage.py check_curriculum
	CAIRN_DATA=$(CHECK_DATA) $(IN)/python manage.py document_curriculum --check
	CAIRN_DATA=$(CHECK_DATA) CAIRN_MODE=server CAIRN_URL=https://cairn.example.org SMTP_HOST=smtp.example.org \
		DATABASE_URL=postgresql://cairn@db/cairn REDIS_URL=redis://redis/0 \
		SECRET_KEY=checked-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH \
		$(IN)/python manage.py check --deploy --fail-level WARNING
	$(IN)/hadolint Dockerfile
	$(IN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

bench:  ## measure Cairn's pages against yardsticks, as one table of ratios
	@$(call environment,check); exec $(IN)/python -m bench.run

demo:  ## make a demo learner with 20 weeks of history and print the login
	@$(call environment,base); CAIRN_DEBUG=1 exec $(IN)/python manage.py demo

format:  ## format code and templates
	@$(call environment,check)
	-$(IN)/ruff check --fix .
	$(IN)/ruff format .
	-@$(IN)/djade --target-version 5.2 $(PAGES)  # answers 1 where it changed a file

lock:  ## remake requirements/*.txt from requirements/*.in (needs uv)
	@for layer in base test check; do uv pip compile --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate --quiet \
		requirements/$$layer.in --output-file requirements/$$layer.txt || exit 1; done
