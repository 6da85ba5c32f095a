"""A session is a visitor's own, whatever name somebody else gives theirs."""

from collections.abc import Iterator

import pytest

from tests.service.doors.conftest import Serve
from tests.support.page_client import PageClient
from tests.support.server import Server

pytestmark = [pytest.mark.service, pytest.mark.slow]

NO_FACES = [None] * 6


@pytest.fixture
def ann(server: Server) -> Iterator[PageClient]:
    yield from opened(server)


@pytest.fixture
def bob(server: Server) -> Iterator[PageClient]:
    yield from opened(server)


@pytest.fixture
def script(server: Server) -> Iterator[PageClient]:
    yield from opened(server, cookie=False)


def opened(server: Server, *, cookie: bool = True) -> Iterator[PageClient]:
    client = PageClient(server, cookie=cookie)
    yield client
    client.close()


def add(client: PageClient) -> str:
    return str(client.result("add_photos", [[client.photo()], True, *NO_FACES])["output"])


def seen(client: PageClient) -> bool:
    """True if a photo is shown to this client."""
    return "data:image" in str(client.result("check_again", [True, *NO_FACES])["output"])


def test_the_page_s_cookie_is_kept_from_scripts_and_other_sites(ann: PageClient, bob: PageClient) -> None:
    ann.http.cookies.clear()
    header = ann.http.get("").headers["set-cookie"]
    assert "HttpOnly" in header and "SameSite=Lax" in header and header.count("headshot-visitor-") == 1
    assert "set-cookie" not in ann.http.get("").headers  # a second tab is the same visitor's
    assert dict(ann.http.cookies) != dict(bob.http.cookies)


def test_a_visitor_sees_their_own_photo(ann: PageClient) -> None:
    assert "data:image" in add(ann)
    assert seen(ann)


@pytest.mark.scorecard("R15")
def test_nobody_sees_another_s_photo_under_the_same_name(ann: PageClient, bob: PageClient) -> None:
    add(ann)
    bob.session = ann.session
    refused = bob.join("check_again", [True, *NO_FACES])
    assert refused.status_code == 403 and "not yours" in refused.json()["detail"]
    assert bob.http.get("gradio_api/queue/data", params={"session_hash": ann.session}).status_code == 403
    assert bob.http.get(f"gradio_api/heartbeat/{ann.session}").status_code == 403
    body = {"session_hash": ann.session, "fn_index": 0, "event_id": "0"}
    assert bob.http.post("gradio_api/cancel", json=body).status_code == 403
    assert seen(ann)


@pytest.mark.scorecard("R15")
def test_without_a_page_nothing_of_the_page_answers(script: PageClient) -> None:
    for name in ("add_photos", "check_again", "remove", "generate", "cancel", "show_look", "forget"):
        if any(known["api_name"] == name for known in script.config["dependencies"]):
            data = script.values(name)
            body = {"data": data, "fn_index": script.function(name)["id"], "session_hash": "None"}
            for path in ("queue/join", f"run/{name}", f"api/{name}"):
                assert script.http.post(f"gradio_api/{path}", json=body).status_code in (400, 403), (name, path)
            assert script.call(name, data).status_code == 403
            assert script.http.post(f"gradio_api/run/{name}", json={"data": data}).status_code == 403


@pytest.mark.scorecard("R15")
def test_a_cookie_of_one_s_own_making_is_none(script: PageClient, ann: PageClient) -> None:
    name, value = next(iter(ann.http.cookies.items()))
    for forged in ("", "x", "x.y", f"x{value}", f"x.{value.partition('.')[2]}"):
        headers = {"cookie": f"{name}={forged}"}
        body = {"data": [], "fn_index": script.function("cancel")["id"], "session_hash": script.session}
        assert script.http.post("gradio_api/run/cancel", json=body, headers=headers).status_code == 403


def test_a_page_without_a_session_name_is_refused(ann: PageClient) -> None:
    for parts in ({"session_hash": None}, {"session_hash": ""}, {"session_hash": "../x"}, {"session_hash": 5}):
        assert ann.join("check_again", [True, *NO_FACES], **parts).status_code in (400, 403)
        body = {"data": [True, *NO_FACES], "fn_index": ann.function("check_again")["id"], **parts}
        assert ann.http.post("gradio_api/run/check_again", json=body).status_code in (400, 403)


@pytest.mark.scorecard("R15")
def test_calls_of_scripts_without_a_session_share_nothing(script: PageClient) -> None:
    assert script.answer("looks", [])[0] == "complete"
    kind, data = script.answer("check_photos", [[script.photo()], None, True])
    assert kind == "complete" and data[0][0]["usable"]


@pytest.mark.scorecard("R15", cases=0)
def test_without_the_door_a_script_reaches_what_is_the_page_s(serve: Serve) -> None:
    script = PageClient(serve(without=["calls"]), cookie=False)
    assert script.call("check_again", [True, *NO_FACES]).status_code == 200
    script.close()


@pytest.mark.scorecard("R15", cases=0)
def test_if_names_alone_were_sessions_one_would_see_the_other_s_photo(serve: Serve) -> None:
    for without, leak in (["calls"], False), (["calls", "visitors in names"], True):
        server = serve(without=without)
        ann, eve = PageClient(server), PageClient(server)
        eve.session = ann.session
        add(ann)
        assert seen(eve) is leak
        ann.close()
        eve.close()
