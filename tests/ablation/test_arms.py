"""What can be compared, and what is said to what cannot."""

import re
from pathlib import Path

import pytest
import yaml

from grape_rewrite.ablation import known_arms, read_arms
from grape_rewrite.ablation.arms import config_of, own_prompt, source_of, tasks_of
from grape_rewrite.ablation.baselines import FUSED
from grape_rewrite.errors import UserError
from grape_rewrite.rewards import REWARDS
from grape_rewrite.rewriting import Prompt
from grape_rewrite.rewriting.prompt import PROMPTS
from grape_rewrite.training import TrainingConfig


def test_every_arm_is_a_config_of_its_own() -> None:
    known = known_arms(TrainingConfig())
    configs = {name: TrainingConfig.of(**changes) for name, changes in read_arms(list(known), {}).items()}
    assert set(configs) == set(known)
    default = TrainingConfig()
    assert configs["grape"] == default
    assert {config.reward for config in configs.values()} == set(REWARDS)


def test_arms_go_by_what_a_study_shares() -> None:
    base = {"group": 16, "batch": 512, "reward": "ndcg"}
    arms = read_arms(["grape", "keep-all", "oversample", "grpo-rank_log"], base)
    configs = {name: config_of({**base, **changes}) for name, changes in arms.items()}
    assert configs["keep-all"].keep == 16
    assert configs["oversample"].batch * configs["oversample"].oversample == 512
    assert (configs["grape"].reward, configs["grpo-rank_log"].reward) == ("ndcg", "rank_log")
    with pytest.raises(UserError, match="unknown arm 'grpo-ndcg'"):
        read_arms(["grpo-ndcg"], base)


def test_a_change_may_be_a_list() -> None:
    word = "group=4,languages=[de,fr],batch=64"
    assert read_arms([word], {}) == {word: {"group": 4, "languages": ["de", "fr"], "batch": 64}}


def test_an_arm_may_learn_further_tasks() -> None:
    word = "also=[paragraphs:lite-clip:long-form],batch=64"
    changes = read_arms(["batch=64", word], {})[word]  # no more the same as the other
    assert tasks_of(changes) == ["paragraphs:lite-clip:long-form"]
    assert config_of(changes) == TrainingConfig.of(batch=64)
    assert tasks_of({}) == []


def test_an_arm_may_have_a_name() -> None:
    words = ["grape", "small:group=4,batch=64", "all:also=[paragraphs:lite-clip:long-form],batch=64"]
    assert list(read_arms(words, {})) == ["grape", "small", "all"]
    assert read_arms(words, {})["small"] == {"group": 4, "batch": 64}
    assert tasks_of(read_arms(words, {})["all"]) == ["paragraphs:lite-clip:long-form"]


def test_an_arm_may_ask_with_a_prompt_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "brief.yaml"
    file.write_text("instruction: Be brief.\nexamples: [[Apfel, apple]]\n")
    words = ["grape", "long:prompt=long-form,steps=7", f"brief:prompt={file}"]
    arms = read_arms(words, {})
    file.write_text("instruction: It has changed since.\n")
    assert own_prompt(arms["grape"]) is None
    assert (own_prompt(arms["long"]), config_of(arms["long"]).steps) == (PROMPTS["long-form"], 7)
    assert own_prompt(arms["brief"]) == Prompt("Be brief.", examples=(("Apfel", "apple"),))
    assert config_of(arms["brief"]) == config_of(arms["grape"])
    assert yaml.safe_load(yaml.safe_dump(arms)) == arms
    for word, message in (
        ("mine:prompt=nowhere", "arm 'mine': unknown prompt 'nowhere'; known: multilingual"),
        (f"mine:prompt={tmp_path}/none.yaml", "arm 'mine': cannot read .*none.yaml: No such file"),
    ):
        with pytest.raises(UserError, match=message):
            read_arms([word], {})
    with pytest.raises(UserError, match="arms 'one' and 'other' are the same"):
        read_arms(["one:prompt=composed", "other:prompt=composed"], {})
    with pytest.raises(UserError, match="has an option of its own: --prompt"):
        read_arms(["grape"], {"prompt": "long-form"})


def test_an_arm_may_come_from_another_study() -> None:
    changes = read_arms(["grape", "theirs:from=runs/scenes/all"], {})["theirs"]
    assert source_of(changes) == Path("runs/scenes/all")
    assert source_of({}) is None
    assert source_of(read_arms(["sft:from=runs/scenes/sft"], {})["sft"]) == Path("runs/scenes/sft")
    with pytest.raises(UserError, match="arm 'sft' has changes of its own already; give these another name"):
        read_arms(["sft:from=runs/scenes/grape"], {})
    assert config_of(changes) == TrainingConfig()


@pytest.mark.parametrize(
    ("words", "base", "message"),
    [
        (["grape", "grape"], {}, "arm 'grape' is named twice"),
        (["grappe"], {}, "unknown arm 'grappe'; known: grape, sft, grpo-rank_linear, .*, or changes such as"),
        (["group=3"], {}, "arm 'group=3': batch 256 is no multiple of group 3; 255 would be"),
        (["grape"], {"batch": 4}, "^batch 4 is no multiple of group 8; 8 would be"),
        (["groop=4"], {}, "arm 'groop=4': unknown key 'groop'"),
        (["group="], {}, "'group=' is no change; write key=value"),
        (["seed=3"], {}, "arm 'seed=3': seed cannot be changed like this; seeds are those of the study"),
        (["group=4,group=16"], {}, "group is named twice; name it once"),
        (["reward=["], {}, r"arm 'reward=\[': '\[' is no value: "),
        (["steps=2020-13-45"], {}, "arm 'steps=2020-13-45': '2020-13-45' is no value: month must be in 1..12"),
        (["grape", "group=8"], {}, "arms 'grape' and 'group=8' are the same; leave one out"),
        (["reward=a/b:c"], {}, "has a name that no folder can have"),
        (["also=scenes"], {}, "arm 'also=scenes': also='scenes' is no list of tasks; valid is also="),
        (["grape:group=4"], {}, "arm 'grape' has changes of its own already; give these another name"),
        (["a:group=4", "a:group=2"], {}, "arm 'a' is named twice"),
        (["a/b:group=4"], {}, "arm 'a/b' has a name that no folder can have; give it another"),
        ([":group=4"], {}, "unknown key ':group'"),
        (["..:group=4"], {}, r"arm '\.\.' has a name that no folder can have"),
        (["a\nb:group=4"], {}, "has a name that no folder can have"),
        ([f"{'a' * 300}:group=4"], {}, "has a name that no folder can have"),
        ([f"{'ä' * 40}:group=4"], {}, "has a name that no folder can have"),  # its run file is called %C3%A4%C3%A4...
        (["study.yaml:group=4"], {}, "has a name like that of a file of the study"),
        *(
            ([f"{name}:group=4"], {}, f"arm '{re.escape(name)}' has the name of what is measured without training")
            for name in ("raw", "untrained", "english", "zero-shot", "image", "mean+image", *FUSED)
        ),
        (["from=a/b"], {}, "arm 'from=a/b' has a name that no folder can have; name it: NAME:key=value"),
        (["a:from=b,group=4"], {}, "arm 'a': from says where its adapters are; .* so name nothing else"),
        (["grape"], {"from": "a"}, "from is nothing that all arms share"),
        ([], {}, "no arms; name some of grape, "),
    ],
)
def test_mistakes(words: list[str], base: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        read_arms(words, base)
    assert "\n" not in str(caught.value)
