"""Class 13: values that break what reads them. Everybody signs them honestly: only the schema and the readers stand."""

from __future__ import annotations

from tests.harness.attacks.attack import Attack, register, written
from tests.harness.attacks.trees import form, in_form, one, parse, with_value, write

_ARABIC = "\u0661"
_DEVANAGARI_YEAR = "\u0968\u0966\u0968\u096c"


def _form(name: str, path: str, text: str) -> None:
    register(name, Attack(written=lambda message: in_form(message, path, text)))


def _header(name: str, path: str, text: str) -> None:
    register(name, Attack(written=lambda message: with_value(message, f"Header/{path}", text)))


_form("integer_of_ten_thousand_digits", "TotalPersons", "9" * 10_000)
_form("integer_with_sixty_thousand_leading_zeros", "TotalPersons", "0" * 60_000 + "1")
_form("integer_with_underscores", "TotalPersons", "1_0")
_form("integer_in_arabic_digits", "TotalPersons", _ARABIC)
_form("integer_with_an_exponent", "TotalPersons", "1e9")
_form("integer_padded_with_hard_spaces", "TotalPersons", "\u00a01\u00a0")
_form("integer_below_zero", "TotalPersons", "-1")
_form("year_in_devanagari_digits", "DossierYear", _DEVANAGARI_YEAR)
_form("date_in_the_year_a_billion", "Programme/StartDate", "999999999-01-01")
_form("date_in_the_year_zero", "Programme/StartDate", "0000-01-01")
_form("date_before_christ", "Programme/StartDate", "-2026-03-02")
_form("date_of_no_calendar", "Programme/StartDate", "2026-02-30")
_form("date_with_a_time_zone", "Programme/StartDate", "2026-03-02+14:00")
_form("time_past_the_end_of_time", "ExpectedArrival", "9999-12-31 23:59:59")
_form("time_of_twenty_five_hours", "ExpectedArrival", "2026-03-02 25:00:00")
_form("text_for_a_slow_pattern", "Declarant/Email", "a" * 200 + "!" * 50)
_form("text_of_sixty_thousand_letters", "GroupName", "A" * 60_000)
_form("formula_in_a_value", "GroupName", "=HYPERLINK(1)")
_form("mark_up_in_a_value", "GroupName", "<script>alert(1)</script>")
_form("code_that_leads_out_of_its_list", "Gate", "../HUUNGHI")
_header("procedure_that_leads_out_of_its_folder", "Subject/documentType", "../../../../etc/passwd")
_header("procedure_with_a_nul_reference", "Subject/documentType", "BQP0100001%00")
_header("procedure_of_a_hundred_and_one_letters", "Subject/documentType", "B" * 101)
_header("procedure_in_four_byte_letters", "Subject/documentType", "\U00010400" * 100)
_header("procedure_of_two_words", "Subject/documentType", "BQP 0100001")
_header("type_in_arabic_digits", "Subject/type", "\u0661\u0660")
_header("function_that_leads_out", "Subject/function", "../")
_header("header_year_in_devanagari_digits", "Subject/documentYear", _DEVANAGARI_YEAR)
_header("header_year_with_underscores", "Subject/documentYear", "2_26")
_header("reference_that_leads_out_of_its_folder", "Subject/reference", "../../../../etc/passwd")
_header("message_id_of_a_thousand_letters", "Reference/messageId", "m" * 1000)
_header("message_id_with_a_line_break", "Reference/messageId", "one\nX-Forged: two")
_header("send_date_in_the_year_a_billion", "Subject/sendDate", "999999999-01-01 00:00:00")


def _cut(name: str, path: str, after: str) -> None:
    """What stands behind a comment in a value of the header: it is signed, and once it was not read."""
    leaf = path.rpartition("/")[2].encode()
    register(
        name,
        Attack(
            written=lambda message: message.replace(b"</" + leaf + b">", f"<!-- -->{after}</".encode() + leaf + b">", 1)
        ),
    )


_cut("type_that_goes_on_behind_a_comment", "Subject/type", "9")
_cut("function_that_goes_on_behind_a_comment", "Subject/function", ";")
_cut("procedure_that_goes_on_behind_a_comment", "Subject/documentType", "ZZ")
_cut("message_id_that_goes_on_behind_a_comment", "Reference/messageId", "x" * 36)


@written
def tax_code_behind_a_comment(message: bytes) -> bytes:
    """Whoever reads up to the comment sees no enterprise, and asks for no signature of one."""
    return message.replace(b"<TaxCode>", b"<TaxCode><!-- -->", 1)


def _hundreds_of_rows(message: bytes) -> bytes:
    tree = parse(message)
    rows = one(form(tree), "Persons")
    row = one(rows, "Person")
    number = one(row, "Seq")
    text = write(tree).replace(b"</Person>", b"</Person>@rows@", 1)
    written = text[text.index(b"<Person>") : text.index(b"</Person>") + len(b"</Person>")]
    assert number.text is not None
    return text.replace(b"@rows@", written * 2000)


register("two_thousand_rows_with_one_key", Attack(written=_hundreds_of_rows))


@written
def element_of_another_namespace(message: bytes) -> bytes:
    """An element under a prefix of the sender's own: the path that the validator gives for it cannot be looked up."""
    return message.replace(b"</Header>", b'<x:Note xmlns:x="urn:x"/></Header>', 1)
