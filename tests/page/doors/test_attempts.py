from pipelines.page.doors.attempts import FORGOTTEN, FREE, FREE_IN_ALL, LONGEST, LONGEST_IN_ALL, Attempts


class Clock:
    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_the_first_cost_nothing_and_then_each_costs_twice_as_much() -> None:
    attempts, waits = Attempts(clock := Clock()), []
    for _ in range(14):
        attempts.failed("ann")
        waits.append(attempts.wait("ann"))
        clock.seconds += waits[-1]
    assert waits[: FREE - 1] == [0.0] * (FREE - 1)
    assert waits[FREE - 1 :] == [1, 2, 4, 8, 16, 32, LONGEST, LONGEST, LONGEST, LONGEST]


def test_another_address_need_not_wait_until_there_were_very_many() -> None:
    attempts = Attempts(Clock())
    for k in range(FREE_IN_ALL - 1):
        attempts.failed(f"address {k // 3}")
    assert attempts.wait("bob") == 0
    for _ in range(10):
        attempts.failed("eve")
    assert attempts.wait("bob") == LONGEST_IN_ALL


def test_the_right_password_and_time_forgive() -> None:
    attempts = Attempts(clock := Clock())
    for _ in range(FREE + 3):
        attempts.failed("ann")
    attempts.succeeded("ann")
    assert attempts.wait("ann") == 0
    for _ in range(FREE + 3):
        attempts.failed("bob")
    clock.seconds += FORGOTTEN + LONGEST
    attempts.failed("bob")
    assert attempts.wait("bob") == 0
