"""`simulate`: the test window. Makes keys, signs, publishes, answers; production trusts nothing of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from lxml import etree

from adapter.bootstrap import now
from adapter.cli.options import AsJson, Config, moment, open_components, read_input
from adapter.cli.printing import as_json, line, table
from adapter.cli.terminal import raw as write_raw
from adapter.model.errors import Misconfigured, NotAllowed
from adapter.simulator.parties import SIGNERS
from adapter.simulator.pki import Pki, SigningParty, load_pki, make_pki
from adapter.simulator.sign import SignatureForm, sign_message
from adapter.simulator.xades import Qualified

simulate = typer.Typer(no_args_is_help=True, help="The test window: a PKI, signing, publishing, answering.")

PkiFolder = Annotated[
    Path | None, typer.Option("--pki", metavar="FOLDER", help="Where the parties are; default: pki in folders.state.")
]
PARTIES = ", ".join(SIGNERS)


@simulate.command(
    "pki",
    help="Make the test PKI as PEM files, so that other tools can sign too; what is there is kept.\n\n"
    "Each party has PARTY.key.pem, PARTY.cert.pem and PARTY.chain.pem (leaf, then intermediates). Trust anchors "
    "are in anchors/public and anchors/government, intermediates in intermediates/..., lists of the revoked in crls/..."
    "\n\n"
    f"Parties: {PARTIES}.",
)
def simulate_pki(
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="Where to; default: pki in folders.state.")
    ] = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    place = folder or open_components(config).settings.folders.state / "pki"
    try:
        pki = make_pki(place)
    except OSError as error:
        raise Misconfigured(f"cannot write {place}: {error.strerror}") from None
    rows = [(name, _subject(party), SIGNERS[name].issuer or "itself") for name, party in pki.parties.items()]
    if json:
        parties = [
            {
                "party": name,
                "subject": subject,
                "issuer": issuer,
                "key": str(pki.key_file(name)),
                "certificate": str(pki.certificate_file(name)),
                "chain": str(pki.folder / f"{name}.chain.pem"),
            }
            for name, subject, issuer in rows
        ]
        as_json({"folder": str(pki.folder), "parties": parties})
        return
    table(f"Parties in {place}", ("party", "subject", "issued by"), rows)


@simulate.command(
    "sign",
    help="Sign an envelope: the declarant (--as) over Content, then the sending system (--system) over it all.\n\n"
    f"Parties: {PARTIES}.",
)
def simulate_sign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An envelope; - is stdin.")],
    declarant: Annotated[str | None, typer.Option("--as", metavar="PARTY", help="Who signs Content.")] = None,
    system: Annotated[str | None, typer.Option("--system", metavar="PARTY", help="Who seals the envelope.")] = None,
    form: Annotated[SignatureForm, typer.Option(help="How it is written.")] = SignatureForm.DEFAULT,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="XAdES: the signing time, ISO 8601; default: now.")
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="Where to; - is stdout.")] = Path("-"),
    pki: PkiFolder = None,
    config: Config = None,
) -> None:
    if declarant is None and system is None:
        raise typer.BadParameter("name at least one party", param_hint="--as or --system")
    given = moment(at, "--at")
    parties = parties_of(pki, config)
    raw = read_input(file)
    qualified = Qualified(at=given or now(), timestamper=parties.party("timestamper"))
    who = {"system": party_of(parties, system), "declarant": party_of(parties, declarant)}
    try:
        signed = sign_message(raw, **who, form=form, qualified=qualified)
    except (ValueError, etree.XMLSyntaxError) as error:
        raise NotAllowed(f"{file} cannot be signed: {error}") from None
    except (RuntimeError, FileNotFoundError) as error:
        raise Misconfigured(f"the form {form} needs a working xmlsec1 program: {error}") from None
    if str(output) == "-":
        write_raw(signed)
        return
    try:
        output.write_bytes(signed)
    except OSError as error:
        raise Misconfigured(f"cannot write {output}: {error.strerror}") from None
    line(f"{output}: {len(signed)} bytes")


def parties_of(folder: Path | None, config: Path | None) -> Pki:
    """The test PKI of that folder, else of the configuration's.

    Raises:
        Misconfigured: there is none.
    """
    place = folder or open_components(config).settings.folders.state / "pki"
    try:
        return load_pki(place)
    except (OSError, ValueError) as error:
        raise Misconfigured(f"no test PKI in {place} ({error}); make it: nsw-adapter simulate pki {place}") from None


def party_of(pki: Pki, name: str | None) -> SigningParty | None:
    """The party of that name.

    Raises:
        Misconfigured: there is none; says which there are.
    """
    if name is None:
        return None
    try:
        return pki.party(name)
    except KeyError as error:
        raise Misconfigured(str(error.args[0])) from None


def _subject(party: SigningParty) -> str:
    return party.certificate.subject.rfc4514_string()
