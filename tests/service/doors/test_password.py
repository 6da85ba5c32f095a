"""The password on a real server: who does not give it sees nothing, guesses slowly, and leaves alone."""

from collections.abc import Iterator

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AuthenticationError

from pipelines.page.doors.routes import LOGIN, ROUTES
from tests.service.doors.conftest import Serve
from tests.support.page_client import PageClient
from tests.support.server import Server

pytestmark = [pytest.mark.service, pytest.mark.slow]

PASSWORD = "open sesame"
BROWSER = {"accept": "text/html"}
EXAMPLES = {"[^/]+": "x", ".+": "x", "(?:v2/)?": "", "(?:run|api)": "run"}
EXAMPLES |= {"(?:cancel|reset)": "cancel", "(?:data|status)": "data"}


@pytest.fixture(scope="module")
def server(serve: Serve) -> Server:
    return serve("--password", PASSWORD)


def client(server: Server, address: str) -> httpx.Client:
    return httpx.Client(base_url=server.url, transport=httpx.HTTPTransport(local_address=address), timeout=30)


def log_in(visitor: httpx.Client, password: str = PASSWORD, **headers: str) -> httpx.Response:
    return visitor.post("login", data={"username": "anybody", "password": password}, headers=headers)


@pytest.fixture
def ann(server: Server) -> Iterator[httpx.Client]:
    with client(server, "127.0.1.1") as visitor:
        yield visitor


@pytest.fixture
def bob(server: Server) -> Iterator[httpx.Client]:
    with client(server, "127.0.1.2") as visitor:
        yield visitor


def paths() -> list[tuple[str, str]]:
    """Every address that needs a login, with its method and something in place of its pattern."""
    found = []
    for route in ROUTES:
        path = route.path
        for pattern, example in EXAMPLES.items():
            path = path.replace(pattern, example)
        if not (route.open or route.static):
            found.append(("POST" if "POST" in route.methods else "GET", path))
    return found


@pytest.mark.parametrize(("method", "path"), paths())
def test_every_address_is_behind_it(ann: httpx.Client, method: str, path: str) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x" if path.endswith("upload") else "application/json"}
    answer = ann.request(method, path, content=b"{}" if method == "POST" else None, headers=headers)
    assert answer.status_code == 401
    assert "Gradio" not in answer.text or "log in with Gradio" in answer.text


def test_health_and_style_are_not(ann: httpx.Client) -> None:
    assert ann.get("health").json() == ann.get("healthz").json() == {"status": "ok"}
    assert ann.get("readyz").json() == {"status": "ready"}
    assert ann.get("theme.css").status_code == 200
    assert len([route for route in ROUTES + LOGIN if route.open]) == 3  # these, the login, and Gradio's start


def test_without_a_password_nothing_is_behind_one(serve: Serve) -> None:
    assert httpx.get(f"{serve().url}config").status_code == 200
    assert httpx.post(f"{serve().url}login", data={"password": "x"}).status_code == 404


def test_a_browser_logs_in_with_the_page_it_is_shown(ann: httpx.Client) -> None:
    shown = ann.get("", headers=BROWSER)
    assert shown.status_code == 401 and 'action="login"' in shown.text and "window.gradio_config" not in shown.text
    wrong = log_in(ann, "sesame", **BROWSER)
    assert wrong.status_code == 401 and "not the password" in wrong.text
    right = log_in(ann, **BROWSER)
    assert right.status_code == 303 and right.headers["location"] == "./"
    cookie = right.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "None" not in cookie
    assert "window.gradio_config" in ann.get("").text


def test_gradio_s_client_logs_in(server: Server) -> None:
    with pytest.raises(AuthenticationError):
        Client(server.url, verbose=False, analytics_enabled=False)
    with pytest.raises(AuthenticationError):
        Client(server.url, auth=("me", "wrong"), verbose=False, analytics_enabled=False)
    entered = Client(server.url, auth=("me", PASSWORD), verbose=False, analytics_enabled=False)
    assert entered.predict(api_name="/looks")["looks"]
    entered.close()


def test_one_visitor_s_logout_is_one_visitor_s(ann: httpx.Client, bob: httpx.Client) -> None:
    for visitor in (ann, bob):
        assert log_in(visitor).json() == {"success": True}
    stolen = dict(ann.cookies)
    assert ann.get("logout").status_code == 405
    assert ann.get("config").status_code == 200
    assert ann.post("logout").json() == {"success": True}
    assert ann.get("config").status_code == 401 and bob.get("config").status_code == 200
    ann.cookies.update(stolen)
    assert ann.get("config").status_code == 401


def test_no_other_website_logs_in_or_out(ann: httpx.Client) -> None:
    assert log_in(ann, origin="http://evil.example").status_code == 403
    assert log_in(ann).status_code == 200
    assert ann.post("logout", headers={"origin": "http://evil.example"}).status_code == 403
    assert ann.get("config").status_code == 200


def test_the_sixth_wrong_one_must_wait_and_another_address_need_not(server: Server) -> None:
    with client(server, "127.0.1.66") as eve, client(server, "127.0.1.67") as other:
        tries = [log_in(eve, f"guess {k}") for k in range(7)]
        assert [answer.status_code for answer in tries] == [401] * 5 + [429] * 2
        assert int(tries[-1].headers["retry-after"]) >= 1 and "Try again in" in tries[-1].json()["detail"]
        assert log_in(eve).status_code == 429  # even the right one
        assert log_in(other).status_code == 200


def test_without_the_count_nobody_waits(serve: Serve) -> None:
    server = serve("--password", PASSWORD, without=["attempts"])
    with client(server, "127.0.1.66") as eve:
        assert {log_in(eve, f"guess {k}").status_code for k in range(20)} == {401}


def test_without_the_door_everybody_is_let_in(serve: Serve) -> None:
    server = serve("--password", PASSWORD, without=["password"])
    assert httpx.get(f"{server.url}config").status_code == 200
    page = PageClient(server)
    page.close()


def test_a_server_for_everybody_says_so(serve: Serve) -> None:
    assert "no password is set" in "".join(serve("--host", "0.0.0.0").log)
    assert "no password is set" not in "".join(serve("--host", "0.0.0.0", "--password", PASSWORD).log)
    assert "no password is set" not in "".join(serve().log)


def test_the_page_has_a_button_for_logging_out(ann: httpx.Client, serve: Serve) -> None:
    log_in(ann)
    button = '<form id="log-out" method="post" action="logout">'
    assert button in ann.get("", headers=BROWSER).text
    left = ann.post("logout", headers={**BROWSER, "content-type": "application/x-www-form-urlencoded"})
    assert left.status_code == 303
    assert button not in ann.get("", headers=BROWSER).text  # the login
    assert button not in httpx.get(serve().url, headers=BROWSER).text  # nothing to leave without a password
