"""How the paragraphs of each split are worded: no wording of a test query was there to learn from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wordings:
    """The sentences that a paragraph is made of.

    :param openings: what it begins with.
    :param leads: what the first and the second thing are introduced with.
    :param named: how a thing's name and definition are said together.
    :param asides: how it is said of a thing that it is not there.
    :param wider: what the thing is a kind of, in a word and its definition; `farther` what that is a kind of.
    :param related: what the thing has to do with.
    :param used: how one speaks of it.
    """

    openings: tuple[str, ...]
    leads: tuple[tuple[str, str], ...]
    named: tuple[str, ...]
    asides: tuple[str, ...]
    wider: str
    farther: str
    related: str
    used: str


WORDINGS = {
    "train": Wordings(
        openings=(
            "Two things are to be seen here.",
            "I am looking for a picture that I saw some time ago.",
            "The illustration belongs to an article about everyday words.",
            "This is what the catalogue said, as far as I remember.",
            "My daughter drew it for her school book.",
            "It must be somewhere among the old slides.",
        ),
        leads=(
            ("In one corner:", "In the other corner:"),
            ("To begin with:", "Then there is the second:"),
            ("The upper one:", "The lower one:"),
            ("First of all:", "And beside that:"),
            ("What I saw first:", "What I saw next:"),
        ),
        named=("{name}, {definition}", "{name}: {definition}", "{definition}, in short, {name}"),
        asides=(
            "There was another picture on that page, of this: {}. That is not the one I mean.",
            "What it does not show, though it is often found with it: {}.",
            "Elsewhere on the page I read about this: {}. It has nothing to do with the picture.",
            "Do not confuse it with the picture of this: {}.",
            "You will look in vain for this: {}.",
            "My neighbour's copy has this instead: {}. Mine is another.",
            "Somebody suggested this: {}. He was wrong.",
            "The page after it shows this: {}. I have no use for that one.",
            "It used to have this in it too: {}. That has been painted over.",
            "Leave out whatever has this in it: {}.",
            "This would have been nice to see, but is missing: {}.",
            "I never liked this, and there is none of it here: {}.",
        ),
        wider="Such a thing counts as {word}: {definition}.",
        farther="More widely it is {word}, that is, {definition}.",
        related="People also speak of {words} when they talk about it.",
        used='People say, for example, "{}".',
    ),
    "dev": Wordings(
        openings=("It was in a calendar.", "Our teacher once showed it to us.", "I can only describe it to you."),
        leads=(
            ("Up there:", "Down there:"),
            ("One half of it:", "The other half:"),
            ("Thing number one:", "Thing number two:"),
        ),
        named=("{name} ({definition})", "{definition}; they call it {name}"),
        asides=(
            "The text beside it speaks of this: {}. The picture does without.",
            "Nobody should take it for that other drawing, with this: {}.",
            "It came without this: {}.",
            "Not in the picture, whatever its title says: {}.",
        ),
        wider="One files it under {word}: {definition}.",
        farther="Above that comes {word}: {definition}.",
        related="Words that go with it: {words}.",
        used='One hears "{}".',
    ),
    "test": Wordings(
        openings=(
            "Long ago I had a postcard.",
            "Could you find me a drawing from a children's lexicon?",
            "Here is what is printed under it.",
            "The exhibition had hundreds of pictures, and one of them stayed with me.",
        ),
        leads=(
            ("On top of the sheet:", "At its bottom:"),
            ("There is, for one, this:", "There is, for another, this:"),
            ("At the left:", "At the right:"),
            ("Part one of it:", "Part two of it:"),
        ),
        named=("{name}, or {definition}", "by name {name}, which is {definition}", "{definition} - the word is {name}"),
        asides=(
            "A friend swears that this is in it as well: {}. She mixes it up with another one.",
            "Please spare me all those drawings of this: {}.",
            "One thing is absent, namely this: {}.",
            "The cover has this on it: {}. What I want is inside the book.",
            "I have already been sent one with this, and gave it back: {}.",
            "Other editions add this: {}. The one I want is plain.",
            "Wherever this turns up, it is the wrong drawing: {}.",
            "It hangs next to a painting of this: {}. That one may stay where it is.",
        ),
        wider="A dictionary puts it with {word}, {definition}.",
        farther="And that in turn belongs to {word}, {definition}.",
        related="Whoever writes of it also mentions {words}.",
        used='A writer has it like this: "{}".',
    ),
}
