"""Who is let in: every request without a good certificate is refused, and both sides are told why."""

import socket
import ssl
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest

from engine.sync.wire import BrokenTransferError, RefusedError
from engine.transport import control
from engine.transport.authority import Authority
from engine.transport.certificates import new_key, signing_request
from engine.transport.control import AskAuthority, Enrol, Offer, Push, Renew, ask
from engine.transport.enrolment import connected, enrol, learn, renew
from engine.transport.errors import TokenError, UnreachableError, UntrustedError
from engine.transport.identity import Identity, plain_context
from engine.transport.names import Address
from engine.transport.tokens import SECRET_SIZE, Token
from tests.engine.transport.site import DAY, QUICK, Site, ago, identity, site

RUN = bytes(16)
REQUESTS: dict[type, control.Request] = {
    AskAuthority: AskAuthority(),
    Enrol: Enrol(bytes(SECRET_SIZE), signing_request(new_key())),
    Renew: Renew(signing_request(new_key())),
    Push: Push(RUN, "disk"),
    Offer: Offer(RUN, ("disk",)),
}


@pytest.fixture(scope="module")
def running_all_the_while(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture
def running(running_all_the_while: Site) -> Site:
    running_all_the_while.told.clear()
    return running_all_the_while


def nobody(running: Site, _folder: Path) -> ssl.SSLContext:
    context = plain_context("agent")
    context.load_verify_locations(running.authority.identity.authority)
    return context


def foreign(running: Site, folder: Path) -> ssl.SSLContext:
    return identity(folder, Authority(folder / "other"), "hv01", trusts=running.authority).context()


def expired(running: Site, folder: Path) -> ssl.SSLContext:
    earlier = Authority(running.authority.identity.folder, ago(100 * DAY))
    return identity(folder, earlier, "hv01").context()


def revoked(running: Site, folder: Path) -> ssl.SSLContext:
    shown = identity(folder, running.authority, "hv66")
    running.authority.revoke("hv66")
    return shown.context()


def the_servers(running: Site, folder: Path) -> ssl.SSLContext:
    shown = identity(folder, running.authority, "hv01")
    shown.keep(shown.own, running.authority.identity.own.read_bytes())
    return shown.context()


IMPOSTORS: list[tuple[Callable[[Site, Path], ssl.SSLContext], str, str]] = [
    (nobody, "enrol first", "enrol first"),
    (foreign, "of another authority", "of another authority"),
    (expired, "it has expired", "has expired"),
    (revoked, "it has been revoked", "has been revoked"),
    (the_servers, "for another purpose", "for another purpose"),
]


def test_every_request_there_is_is_tried_here(running: Site):
    assert set(get_args(control.Request)) == set(REQUESTS) == set(running.service._doors)


@pytest.mark.parametrize(("impostor", "told_there", "told_here"), IMPOSTORS)
@pytest.mark.parametrize("kind", [Renew, Push, Offer])
def test_who_shows_no_good_certificate_is_refused_and_both_sides_are_told(
    running: Site,
    tmp_path: Path,
    impostor: Callable[[Site, Path], ssl.SSLContext],
    told_there: str,
    told_here: str,
    kind: type,
):
    context = impostor(running, tmp_path)
    with (
        connected(running.address, context, QUICK) as stream,
        pytest.raises(BrokenTransferError, match=told_there) as no,
    ):
        ask(stream, REQUESTS[kind], control.Start)
    assert not no.value.retryable
    running.wait_for(told_here)


@pytest.mark.parametrize("impostor", [who for who, _, _ in IMPOSTORS])
def test_a_wrong_token_helps_nobody(running: Site, tmp_path: Path, impostor: Callable[[Site, Path], ssl.SSLContext]):
    context = impostor(running, tmp_path)
    with connected(running.address, context, QUICK) as stream, pytest.raises(BrokenTransferError):
        ask(stream, REQUESTS[Enrol], control.Enrolled)


def test_a_token_is_good_once(running: Site, tmp_path: Path):
    token = running.authority.new_token("hv07")
    assert enrol(tmp_path / "first", running.address, Token.of(str(token)), QUICK).name == "hv07"
    with pytest.raises(RefusedError, match="was used before"):
        enrol(tmp_path / "second", running.address, token, QUICK)
    assert not (tmp_path / "second").exists()


def test_a_token_expires(running: Site, tmp_path: Path):
    earlier = Authority(running.authority.identity.folder, ago(DAY))
    with pytest.raises(RefusedError, match="has expired"):
        enrol(tmp_path / "late", running.address, earlier.new_token("hv08"), QUICK)


def test_a_bad_request_does_not_spend_the_token(running: Site, tmp_path: Path):
    token = running.authority.new_token("hv09")
    context = nobody(running, tmp_path)
    with connected(running.address, context, QUICK) as stream, pytest.raises(RefusedError, match="no request"):
        ask(stream, Enrol(token.secret, b"nonsense"), control.Enrolled)
    assert enrol(tmp_path / "agent", running.address, token, QUICK).name == "hv09"


def test_the_secret_of_a_token_is_not_sent_to_another_server(running: Site, tmp_path: Path):
    with pytest.raises(TokenError, match="is not the server that the token is for"):
        enrol(tmp_path / "agent", running.address, Authority(tmp_path / "other").new_token("hv01"), QUICK)


def test_who_enrols_a_name_again_ends_the_old_certificate(running: Site):
    first = running.agent("hv10")
    old = first.identity.context()
    running.agent("hv10")
    with connected(running.address, old, QUICK) as stream, pytest.raises(UntrustedError, match="revoked"):
        ask(stream, REQUESTS[Offer], control.Start)


def test_many_may_enrol_and_be_revoked_at_once(running: Site):
    ended: list[int] = []

    def come_and_go(number: int) -> None:
        running.agent(f"many{number}")
        ended.append(Authority(running.authority.identity.folder).revoke(f"many{number}"))

    threads = [threading.Thread(target=come_and_go, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert ended == [1] * 12


def test_an_old_certificate_is_renewed_and_the_new_one_is_good(running: Site, tmp_path: Path):
    member = running.agent("hv11")
    shown = identity(tmp_path, Authority(running.authority.identity.folder, ago(70 * DAY)), "hv11")
    member.identity.keep(member.identity.own, shown.own.read_bytes())
    now = ago(0 * DAY)()
    assert renew(member, now, QUICK)
    assert not renew(member, now, QUICK)
    with (
        connected(running.address, member.identity.context(), QUICK) as stream,
        pytest.raises(RefusedError, match="use"),
    ):
        ask(stream, Enrol(bytes(SECRET_SIZE), signing_request(new_key())), control.Enrolled)


def test_keys_are_for_their_owner_only(running: Site):
    member = running.agent("hv12")
    for folder in (member.identity.folder, running.authority.identity.folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for path in folder.glob("*.pem"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


def refused_by_the_agent(running: Site, shown: Identity, why: str) -> None:
    with pytest.raises(UntrustedError, match=why), connected(running.address, shown.context(), QUICK):
        pass
    running.wait_for("refused the certificate of this one")


def test_an_agent_refuses_a_server_of_another_authority(running: Site, tmp_path: Path):
    refused_by_the_agent(running, identity(tmp_path, Authority(tmp_path / "other"), "hv01"), "of another authority")


def test_an_agent_refuses_a_server_whose_certificate_has_expired(tmp_path: Path):
    with site(tmp_path, Authority(tmp_path / "server", ago(100 * DAY))) as old:
        shown = identity(tmp_path / "agent", Authority(tmp_path / "server", ago(100 * DAY)), "hv01")
        refused_by_the_agent(old, shown, "has expired")


def test_an_agent_refuses_a_server_whose_certificate_was_revoked(tmp_path: Path):
    with site(tmp_path) as stolen:
        member = stolen.agent("hv01")
        own = stolen.authority.identity.own
        before = own.read_bytes()
        stolen.authority.replace_server()
        learn(member.identity, stolen.authority.revocations())
        own.write_bytes(before)
        stolen.authority.renew_server = lambda: None  # type: ignore[method-assign]  # the thief does not
        refused_by_the_agent(stolen, member.identity, "has been revoked")


def test_an_agent_refuses_another_agent_that_plays_the_server(tmp_path: Path):
    with site(tmp_path) as made:
        shown = identity(tmp_path / "agent", made.authority, "hv01")
        thief = identity(tmp_path / "thief", made.authority, "hv02")
        made.authority.identity.own.write_bytes(thief.own.read_bytes())
        made.authority.renew_server = lambda: None  # type: ignore[method-assign]
        refused_by_the_agent(made, shown, "another (purpose|name)")


def test_a_list_of_revocations_is_believed_only_if_it_is_signed_and_newer(running: Site, tmp_path: Path):
    shown = identity(tmp_path, running.authority, "hv01")
    before = shown.revoked.read_bytes()
    stranger = Authority(tmp_path / "other")
    for name in ("hv01", "hv02", "hv03"):
        identity(tmp_path / name, stranger, name)
        stranger.revoke(name)
    learn(shown, stranger.revocations())
    learn(shown, b"nonsense")
    assert shown.revoked.read_bytes() == before


def test_what_is_not_tls_1_3_is_refused(running: Site):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(running.address) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain)
    running.wait_for("does not speak TLS 1.3")


def test_what_is_not_tls_is_refused(running: Site):
    with socket.create_connection(running.address) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        running.wait_for("does not speak TLS")


def test_a_server_that_does_not_speak_tls_is_told_of(running: Site, tmp_path: Path):
    shown = identity(tmp_path, running.authority, "hv01")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = Address("127.0.0.1", listening.getsockname()[1])

        def greet() -> None:
            with listening.accept()[0] as taken:
                taken.sendall(b"220 mail.example ESMTP\r\n")
                taken.recv(1000)

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(UntrustedError, match="does not speak TLS"), connected(address, shown.context(), QUICK):
            pass
        thread.join(10)
    with pytest.raises(UnreachableError, match="cannot be reached"), connected(address, shown.context(), QUICK):
        pass
