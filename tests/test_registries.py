"""Every list that can drift is compared with what it lists. 各类目录与实际一致"""

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from fastapi.routing import APIRoute
from prefect.flows import Flow, load_flow_from_entrypoint
from starlette.routing import BaseRoute

from api import deps, errors, forms
from api.app import create_app
from api.deposits import signed_with_form
from api.pages_rendering import STATIC
from flows.worker import FLOWS
from models import accounts, files, tables
from models.answers import ABSENT_ANSWERS, ANSWERS
from models.casework.absences import ABSENCE_HANDLERS, SAID_NOTHING
from models.casework.handlers import HANDLERS
from models.handbook import editions
from models.rules.confidentiality import Level
from models.rules.decision import Outcome
from models.rules.errors import CaseworkError
from models.rules.lifecycle import (
    _ASKS,
    _WAYS,
    ABSENCES,
    KINDS,
    Absence,
    Kind,
    Situation,
    Stage,
    State,
    asks,
    way_out,
)
from models.rules.permissions import Part, Role
from models.rules.review import Vote
from models.rules.timeline import Audience, StepKind
from models.rules.verbs import CaseVerb, Verb
from models.settings import Settings
from notifications.messages import INSTRUCTIONS, MESSAGES, TEMPLATES
from processes import CASE_DEPLOYMENT, PROJECT
from tasks.depositing import DUE, FILED
from tasks.documents import DOCUMENTS
from tasks.documents.registry import TITLES
from tasks.office import _HANDS

PAGES = STATIC.parent / "templates"
PAPERS = PROJECT / "tasks" / "documents" / "templates"
KIND_NAMES = {kind.value for kind in Kind}


# --- work items ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "registry",
    [
        pytest.param(KINDS, id="role and deadline"),
        pytest.param(ANSWERS, id="shape of the answer"),
        pytest.param(HANDLERS, id="handler"),
        pytest.param(forms.FORMS, id="form of the page"),
        pytest.param(INSTRUCTIONS, id="what the notice asks"),
    ],
)
def test_every_kind_of_work_item_is_in_every_list(registry):
    assert set(registry) == set(Kind)


def test_every_kind_of_work_item_has_its_page_and_no_page_is_left_over():
    assert {path.stem.removeprefix("item-") for path in PAGES.glob("item-*.html")} == KIND_NAMES


def test_one_handler_answers_one_kind():
    assert len(set(HANDLERS.values())) == len(HANDLERS)
    assert len(set(ANSWERS.values())) == len(ANSWERS)


@pytest.mark.parametrize("kind", Kind)
def test_a_form_asks_for_exactly_what_the_answer_holds(kind: Kind):
    form = forms.FORMS[kind]
    asked = {part.into if isinstance(part, forms.Rows) and part.into else name for name, part in form.items()}
    assert asked == set(ANSWERS[kind].model_fields)


@pytest.mark.parametrize("absence", list(Absence))
def test_a_form_asks_for_exactly_what_is_recorded_of_an_absence(absence: Absence):
    assert set(forms.ABSENCE[absence]) == set(ABSENT_ANSWERS[absence].model_fields)
    assert absence in ABSENCE_HANDLERS
    assert set(SAID_NOTHING) == set(ABSENCES)
    assert {KINDS[kind].role for kind, leaves in ABSENCES.items() if leaves is absence} == {Role.OFFICER}


def test_every_deadline_a_work_item_names_is_in_the_handbook():
    named = {rule.deadline for rule in KINDS.values() if rule.deadline}
    for edition in editions():
        assert named - set(edition.deadlines) == set()


# --- stages -------------------------------------------------------------------------------------

DONE = {
    Stage.INTAKE: {(Kind.SCREENING, ""): {"verdict": "accept"}},
    Stage.VERIFICATION: {
        (Kind.INVESTIGATION, ""): {"conclusion": "unfounded"},
        (Kind.COUNTERSIGN, ""): {"agreed": True},
    },
    Stage.MATCHING: {(Kind.LEGAL_REVIEW, ""): {"verdict": "confirm"}, (Kind.NOTICE_OF_INTENT, "1"): {}},
    Stage.REVIEW: {(Kind.CLOSE_SESSION, ""): {"settled": {"1": "exempt"}}},
    Stage.DECISION: {(Kind.SIGNATURE, ""): {"verdict": "sign"}, (Kind.SERVICE_RECEIPT, "1"): {}},
    Stage.CLEARING: {(Kind.CLEARING_CONSENT, "1"): {"wanted": False}},
}


def at(stage: Stage, answers: object = None) -> Situation:
    """A case with one officer, two investigators and a panel of three."""
    return Situation(
        stage,
        answers or {},
        respondents={1: 10},
        investigators=(20, 21),
        conclusion="unfounded" if stage is Stage.VERIFICATION else "complete",
        members=(30, 31, 32),
        undeclared=(30, 31, 32),
        chair=30,
        outcomes={1: Outcome.EXEMPT},
    )


def test_every_stage_has_its_questions_and_its_ways():
    assert set(_ASKS) == set(_WAYS) == set(Stage)
    assert {rule.stage for rule in KINDS.values()} == set(Stage)


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_asks_somebody_something_that_belongs_to_it_and_waits(stage: Stage):
    wanted = asks(at(stage))
    assert wanted
    assert {KINDS[ask.kind].stage for ask in wanted} == {stage}
    assert way_out(at(stage)) is None


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.ARCHIVE])
def test_every_stage_has_a_way_out_to_another_stage(stage: Stage):
    move = way_out(at(stage, DONE[stage]))
    assert move is not None
    assert move.way
    assert move.to is not stage


# --- papers, notices, effects -------------------------------------------------------------------


def test_every_paper_has_a_template_and_every_template_a_paper():
    assert {path.stem for path in PAPERS.glob("[!_]*.html")} == set(DOCUMENTS)


def test_every_outcome_we_decide_has_its_part_of_the_decision():
    parts = {path.stem.removeprefix("_decision-") for path in PAPERS.glob("_decision-*.html")}
    assert parts == {outcome.value for outcome in TITLES}
    assert set(Outcome) - set(TITLES) == {Outcome.TRANSFER}, (
        "a transfer gets a letter, not a decision of ours"
    )


def test_every_notice_has_a_subject_and_a_text_and_no_template_is_left_over():
    expected = {name for kind in MESSAGES for name in (f"{kind}.subject.txt", f"{kind}.txt")}
    assert {path.name for path in TEMPLATES.iterdir()} == expected


def owed() -> Iterator[tuple[str, str]]:
    """Every (kind, subject) of an effect that casework writes down, read from its source; "" without a subject."""
    for path in sorted((PROJECT / "models" / "casework").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr == "owe":
                said = [part.value if isinstance(part, ast.Constant) else None for part in node.args]
                assert said[0] is not None, (
                    f"{path.name}:{node.lineno} owes an effect whose kind is not written"
                )
                yield str(said[0]), "" if len(said) < 2 else str(said[1] or "reminder")


def test_every_effect_that_can_be_owed_has_hands_to_do_it():
    assert {kind for kind, _ in owed()} == set(_HANDS)


def test_the_table_of_effects_lists_their_kinds():
    text = (PROJECT / "models" / "tables.py").read_text(encoding="utf-8")
    said = re.search(r"class Effect\(.*?kind: str = .*?#\s*(.+?)\n", text, re.DOTALL)
    assert said is not None
    assert set(said[1].split(", ")) == set(_HANDS)
    length = tables.SQLModel.metadata.tables["effect"].c.kind.type.length
    assert max(map(len, _HANDS)) <= length


def test_every_paper_that_is_owed_exists_and_every_paper_is_owed_by_some_act():
    assert {subject for kind, subject in owed() if kind == "document"} == set(DOCUMENTS)


def test_every_notice_that_is_owed_exists_and_every_notice_is_owed_by_some_act():
    # A deposit belongs to no case: its two notices are owed by the deposit itself.
    assert {subject for kind, subject in owed() if kind == "notice"} | {FILED, DUE} == set(MESSAGES)


# --- refusals -----------------------------------------------------------------------------------


def refusals(kind: type[CaseworkError] = CaseworkError) -> Iterator[type[CaseworkError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from refusals(below)


def test_every_refusal_has_a_code_of_its_own():
    assert {accounts.__name__, files.__name__, errors.__name__} <= {kind.__module__ for kind in refusals()}
    inherited = [kind.__name__ for kind in refusals() if "code" not in vars(kind)]
    assert inherited == []
    codes = [kind.code for kind in refusals()]
    assert sorted(set(codes)) == sorted(codes)
    assert [code for code in codes if not re.fullmatch(r"[a-z]+(-[a-z]+)*", code)] == []


def test_no_code_that_programs_rely_on_has_disappeared():
    """A code is part of the API: add a line for a new one, never take one away."""
    relied_on = {
        "already-done",
        "casework",
        "conflict",
        "incomplete",
        "locked",
        "not-found",
        "not-permitted",
        "recused",
        "stale",
        "too-large",
        "wrong-stage",
    }
    assert relied_on - {kind.code for kind in refusals()} == set()


def test_no_refusal_is_silent():
    for kind in refusals():
        assert any("\u4e00" <= letter <= "\u9fff" for letter in str(kind())), kind.__name__


# --- deployments --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [Stage, State, Kind, Outcome, Vote, Role, Part, Verb, CaseVerb, Level, StepKind, Audience]
)
def test_the_glossary_holds_every_word_and_its_chinese(words: type[Any]):
    glossary = (PROJECT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert [w.value for w in words if f"| `{w.value}` | {w.zh} |" not in glossary] == []


def test_every_deployment_loads_and_is_one_that_the_worker_knows():
    document = yaml.safe_load((PROJECT / "prefect.yaml").read_text(encoding="utf-8"))
    loaded = {
        entry["name"]: load_flow_from_entrypoint(entry["entrypoint"]) for entry in document["deployments"]
    }
    assert all(isinstance(flow, Flow) for flow in loaded.values())
    assert {flow.name for flow in loaded.values()} == {flow.name for flow in FLOWS.values()}
    assert CASE_DEPLOYMENT in {f"{flow.name}/{name}" for name, flow in loaded.items()}


# --- routes -------------------------------------------------------------------------------------

# What a stranger may ask for. Whoever adds a line here says that it shows nothing of a case.
PUBLIC = {
    "GET /": "sends everybody on: to the inbox or to the portal",
    "GET /healthz": "whether the process is up",
    "GET /readyz": "whether the register can be used; no data",
    "GET /sign-in": "the form to sign in",
    "GET /language/{code}": "a preference of the browser",
    "POST /sign-in/again": "POST /api/session",
    "POST /sign-in": "signing in, rate-limited",
    "POST /api/session": "signing in for programs, rate-limited",
    "GET /api/session": "who is signed in; refuses a stranger itself",
    "GET /static/site.{kind}": "the style sheet and the script",
    "GET /portal": "the public portal",
    "GET /portal/duties": "the duty list is public",
    "GET /portal/exemptions": "the exemption list is public",
    "GET /portal/notices": "redacted notices",
    "GET /portal/notices/{slug}": "a redacted notice",
    "GET /api/portal/notices": "redacted notices for programs",
    "GET /api/portal/notices/{slug}": "a redacted notice for programs",
}
GUARDS = {deps.get_signed, deps.signed_before_form, signed_with_form}


def routes(found: list[BaseRoute]) -> Iterator[APIRoute]:
    """Every endpoint, through the routers that FastAPI includes lazily."""
    for route in found:
        if isinstance(route, APIRoute):
            yield route
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes(inner.routes)


def asked_of(dependant) -> Iterator[Callable[..., object]]:
    """Every dependency of an endpoint, and what those depend on."""
    for wanted in dependant.dependencies:
        yield wanted.call
        yield from asked_of(wanted)


def endpoints() -> dict[str, APIRoute]:
    return {
        f"{method} {route.path}": route
        for route in routes(create_app().routes)
        for method in route.methods - {"HEAD"}
    }


def test_no_endpoint_is_overlooked():
    """What the OpenAPI document knows, this file has looked at too."""
    documented = {
        f"{method.upper()} {path}"
        for path, methods in create_app().openapi()["paths"].items()
        for method in methods
    }
    assert documented
    assert documented - set(endpoints()) == set()


def test_routes_are_guarded():
    """Every route either asks who is signed in, or is on the list of what strangers may see."""
    open_to_all = {name for name, route in endpoints().items() if not GUARDS & set(asked_of(route.dependant))}
    assert open_to_all == set(PUBLIC)


# --- containers ---------------------------------------------------------------------------------

COMPOSE = yaml.safe_load((PROJECT / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (PROJECT / "Dockerfile").read_text(encoding="utf-8")


def test_compose_and_dockerfile_name_only_settings_that_exist():
    known = {f"ZHAODAN_{name}".upper() for name in Settings.model_fields}
    named = {
        name
        for service in COMPOSE["services"].values()
        for name in service["environment"]
        if name.startswith("ZHAODAN_")
    }
    named |= set(re.findall(r"ZHAODAN_[A-Z_]+", DOCKERFILE))
    assert "ZHAODAN_DATABASE_URL" in named
    assert named - known == set()


def test_compose_holds_no_secret_and_opens_no_port_to_the_network():
    for name, service in COMPOSE["services"].items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        secrets = [value for key, value in service["environment"].items() if "PASSWORD" in key]
        secrets += [value for key, value in service["environment"].items() if key.endswith("_URL")]
        for value in (value for value in secrets if "@" in value or "://" not in value):
            assert re.search(r"\$\{[A-Z_]+:\?", value), f"{name}: {value} must come from the environment file"


def test_every_service_that_stays_up_says_whether_it_is_well():
    assert [n for n, s in COMPOSE["services"].items() if "healthcheck" not in s and n != "migrate"] == []


def test_the_image_holds_every_package_and_runs_as_nobody_special():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    packages = {pattern.rstrip("*") for pattern in project["packages"]["find"]["include"]}
    copied = set(re.findall(r"^COPY (\w+)/ ", DOCKERFILE, re.MULTILINE))
    assert packages - copied == set()
    assert {f"{name}.py" for name in project["py-modules"]} - set(DOCKERFILE.split()) == set()
    assert "USER zhaodan" in DOCKERFILE
    assert "--require-hashes" in DOCKERFILE


def test_pre_commit_fetches_nothing():
    hooks = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert {repo["repo"] for repo in hooks["repos"]} == {"local"}
    assert [hook["entry"] for repo in hooks["repos"] for hook in repo["hooks"]] == ["make check"]
