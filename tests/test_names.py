"""Author strings to names."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.names import one_name, split_creator, split_names, turned

THOUSANDS = tuple(f"Author Number{number}" for number in range(2_000))
FIELDS = st.lists(
    st.sampled_from(
        r"""; , : ( ) and & . Jr. III A. AB Ada Lovelace van al et the for Collaboration @ a@b.org
        { } \' \c 王芳 、""".split()
    )
    | st.just(" ")
    | st.characters(),
    max_size=20,
).map(" ".join)


@pytest.mark.parametrize(
    ("creator", "names"),
    [
        ("Ada Lovelace, Guy Steele Jr (MIT, Oracle (Labs)), Grace Hopper", "Ada Lovelace|Guy Steele Jr|Grace Hopper"),
        (
            "Martin Luther King, Jr., J. K. O'Hara III, Henry Example, V",
            "Martin Luther King Jr.|J. K. O'Hara III|Henry Example V",
        ),
        ("Guy Steele, Jr (MIT), Ada Lovelace", "Guy Steele Jr|Ada Lovelace"),
        (
            r"Jos\'e Muster, Fran{\c{c}}ois Muster, J.\,K. Muster, \L{}. M",
            "José Muster|François Muster|J. K. Muster|Ł. M",
        ),
        ("ATLAS Collaboration, Ada Lovelace", "ATLAS Collaboration|Ada Lovelace"),
        ("for the BaBar Collaboration: A. Lovelace, G. Hopper", "BaBar Collaboration|A. Lovelace|G. Hopper"),
        ("A. Lovelace on behalf of the LHCb Collaboration", "A. Lovelace|LHCb Collaboration"),
        ("A. Lovelace, G. Hopper, et al. (The Example Team)", "A. Lovelace|G. Hopper"),
        ("A. Lovelace et al., and G. Hopper", "A. Lovelace|G. Hopper"),
        ("Consortium for Examples (CfE, Berlin, Rome), Jan van der Berg", "Consortium for Examples|Jan van der Berg"),
        ("Ada Lovelace (never closed, Grace Hopper", "Ada Lovelace"),
        ("Ada Lovelace), Grace Hopper", "Ada Lovelace)|Grace Hopper"),
        (", Ada Lovelace,, ,ada@example.org, 1, *,", "Ada Lovelace"),
        ("王芳, 李伟 (北京)", "王芳|李伟"),
        ("Plato, Ada\u202e Lovelace", "Plato|Ada Lovelace"),
        ("", ""),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_arxivs_one_string_is_split_at_names_only(creator: str, names: str) -> None:
    """Affiliations hold commas, suffixes belong to the name before, and groups are authors too."""
    assert split_creator(creator) == tuple(filter(None, names.split("|")))


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("Ada Lovelace, Grace Hopper and Emmy Noether", "Ada Lovelace|Grace Hopper|Emmy Noether"),
        ("Ada Lovelace & Grace Hopper", "Ada Lovelace|Grace Hopper"),
        ("Lovelace, A.; Hopper, G. M.; ", "A. Lovelace|G. M. Hopper"),
        ("Lovelace, A., Hopper, GM, de la Muestra, M.-J.", "A. Lovelace|GM Hopper|M.-J. de la Muestra"),
        ("King, M. L., Jr., Lovelace, A.", "M. L. King Jr.|A. Lovelace"),
        ("King, Martin Luther, Jr.; Lovelace, Ada", "Martin Luther King Jr.|Ada Lovelace"),
        ("A. Li, G. Wu", "A. Li|G. Wu"),
        ("Li, Yu. A.; Wu, G", "Yu. A. Li|G Wu"),
        ("Ada Lovelace, IBM", "Ada Lovelace, IBM"),
        ("Smith, V., Smith, MD", "V. Smith|MD Smith"),
        ("Lovelace, Ada", "Ada Lovelace"),
        ("van der Berg, Jan Willem", "Jan Willem van der Berg"),
        ("Lovelace, Ada and van der Berg, Jan", "Ada Lovelace|Jan van der Berg"),
        ("Ada Lovelace, PhD, Grace Hopper, MD", "Ada Lovelace PhD|Grace Hopper MD"),
        ("Ada Lovelace (London, UK), Grace Hopper (New York)", "Ada Lovelace|Grace Hopper"),
        ("Ada Lovelace, Plato, Grace Hopper", "Ada Lovelace|Plato|Grace Hopper"),
        ("ada@example.org (Ada Lovelace)", "Ada Lovelace"),
        ("Ada Lovelace <ada@example.org>", "Ada Lovelace"),
        ("ada@example.org", ""),
        ("王芳、李伟；张敏", "王芳|李伟|张敏"),
        ("王芳, 李伟", "王芳|李伟"),
        ("García Muestra, A., Lovelace, A.", "A. García Muestra|A. Lovelace"),
        ("Plato", "Plato"),
        ("Plato and Sons", "Plato and Sons"),
        ("The Group for Examples, Ada Lovelace", "The Group for Examples|Ada Lovelace"),
        ("Ada Lovelace et al.", "Ada Lovelace"),
        (";,; ,", ""),
        ("", ""),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_other_sources_fields_are_split_by_the_form_they_have(field: str, names: str) -> None:
    """Surnames first or last, initials, suffixes, several separators."""
    assert split_names(field) == tuple(filter(None, names.split("|")))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Lovelace, Ada", "Ada Lovelace"),
        ("King, Martin Luther, Jr.", "Martin Luther King Jr."),
        ("King, Jr., Martin Luther", "Martin Luther King Jr."),
        ("Steele, Jr", "Steele Jr"),
        ("Petrov, IV", "IV Petrov"),
        ("Petrov, Ivan, IV", "Ivan Petrov IV"),
        ("Lovelace,", "Lovelace"),
        ("Ada Lovelace", "Ada Lovelace"),
        ("Berlin, Paris, Rome", "Berlin, Paris, Rome"),
        ("", ""),
    ],
)
def test_a_surname_first_is_turned(name: str, expected: str) -> None:
    """With two parts, letters are initials; with three, they may be a suffix."""
    assert turned(name) == expected


def test_a_name_is_one_readable_line() -> None:
    """Markup, TeX and controls go."""
    assert one_name("Paul\r\n <b>Erd\\H{o}s</b>\x1b") == "Paul Erdős"


def test_two_thousand_authors_are_all_kept() -> None:
    """Large collaborations publish too."""
    assert split_creator(", ".join(f"{name} (X, Y)" for name in THOUSANDS)) == THOUSANDS
    assert split_names(", ".join(THOUSANDS)) == THOUSANDS
    assert split_names("; ".join(", ".join(name.split()[::-1]) for name in THOUSANDS)) == THOUSANDS


@pytest.mark.parametrize(
    "unit", ["(", ")", ",", ";", " and ", "for ", ":", "a@", "Collaboration: ", "Jr, ", "A. ", "{"]
)
def test_a_lot_of_separators_is_read_to_its_end(unit: str) -> None:
    """No pattern is quadratic: a suite that hangs here has found one that is."""
    assert isinstance(split_creator(unit * 10_000), tuple)
    assert isinstance(split_names(unit * 10_000), tuple)


@given(FIELDS)
def test_every_name_is_a_clean_line_with_a_letter(field: str) -> None:
    """Whatever a feed writes, no name is empty, an address or a control."""
    for name in (*split_creator(field), *split_names(field)):
        assert name == " ".join(name.split())
        assert any(one.isalpha() for one in name)
        assert "@" not in name
        assert not [one for one in name if unicodedata.category(one) in {"Cc", "Cs"}]


@pytest.mark.parametrize("unit", ["<script ", "<!--", "Jr, ", "),(", ", ", ": ", " and ", "王 ", "\\'"])
def test_a_mile_of_anything_is_read_up_to_a_bound(unit: str) -> None:
    """No form is quadratic: a suite that hangs here has found one that is."""
    field = unit * (1_000_000 // len(unit))
    names = [*split_names(field), *split_creator(field), one_name(field)]

    assert all(name == name.strip() for name in names)
