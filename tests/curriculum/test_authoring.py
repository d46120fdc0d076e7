"""What authors are told is true: the template module is valid, and so is every rule in the guide."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from curriculum import loader
from curriculum.plain_yaml import parse_document
from curriculum.reading import read_content
from curriculum.schema import Rule

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDE = (DOCS / "authoring.md").read_text()
RULES = [
    block
    for block in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    if re.search(r"^- (?:says|attested):", block, re.MULTILINE)
]


def test_the_template_module_is_valid_in_a_copy_of_the_curriculum(tmp_path: Path) -> None:
    folder = tmp_path / "content"
    shutil.copytree(loader.CONTENT, folder)
    shutil.copy(DOCS / "template-module.yaml", folder / "modules" / "18-example.yaml")
    content = read_content(folder)
    assert content.modules[-1].key == "example"
    assert content.modules[-1].labs
    assert any(activity.if_left_out for activity in content.modules[-1].activities)


@pytest.mark.parametrize("block", RULES)
def test_every_rule_in_the_guide_is_in_the_vocabulary(block: str) -> None:
    rows = parse_document("guide", "rules:\n" + block).data["rules"]
    assert rows
    for row in rows:
        Rule.model_validate(row)


def test_the_guide_shows_every_verb() -> None:
    shown = {Rule.model_validate(row).verb for block in RULES for row in _rows(block)}
    assert shown == set(Rule.verb_names())


def _rows(block: str) -> list[object]:
    assert isinstance(yaml.safe_load(block), list)
    return list(parse_document("guide", "rules:\n" + block).data["rules"])
