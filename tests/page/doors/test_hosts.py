import pytest

from pipelines.page.doors.hosts import Hosts, is_loopback, space_host


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:7860", "127.0.0.1:1", "127.8.9.1", "[::1]", "[::1]:7860"])
def test_loopback_is_always_known(host: str) -> None:
    assert Hosts().knows(host)


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "localhost.evil.example", "127.0.0.1.x.example", "10.0.0.7", "[::1", "x:y:z", "@"],
)
def test_other_names_are_not(host: str) -> None:
    assert not Hosts(["studio.example.org"]).knows(host)


def test_where_every_address_is_listened_on_any_address_is_known_but_no_name() -> None:
    hosts = Hosts(addresses=True)
    assert hosts.knows("10.0.0.7:7860") and hosts.knows("[2001:db8::1]:7860") and not hosts.knows("evil.example")


def test_a_page_is_the_server_s_own_if_it_came_from_the_same_host_and_port() -> None:
    hosts = Hosts(["studio.example.org"])
    asked = ["localhost:7860"]
    assert hosts.owns("http://localhost:7860", asked) and hosts.owns("https://studio.example.org", asked)
    for origin in ("http://localhost:3000", "http://localhost", "http://127.0.0.1:7860"):
        assert not hosts.owns(origin, asked)
    for origin in ("null", "", "http://evil.example", "file://"):
        assert not hosts.owns(origin, asked)


def test_loopback_hosts_and_spaces() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "10.0.0.7")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
    assert space_host("Some_Body/Head.Shots") == "some-body-head-shots.hf.space"
