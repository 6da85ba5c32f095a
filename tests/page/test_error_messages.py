import logging

import gradio as gr
import pytest

from pipelines.errors import UserError
from pipelines.page.error_messages import sentences_only


def test_our_sentences_are_shown_with_their_html_disarmed() -> None:
    with pytest.raises(gr.Error) as shown, sentences_only():
        raise UserError('There is no look called "<img src=x>".')
    assert shown.value.message == 'There is no look called "&lt;img src=x&gt;".'
    assert not shown.value.print_exception


def test_anything_else_is_an_incident_without_details(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(gr.Error) as shown, sentences_only():
        raise ValueError("/home/ann/selfie.jpg")
    number = caplog.messages[0].split()[1].rstrip(":")
    assert number in shown.value.message and not shown.value.print_exception
    assert "selfie" not in shown.value.message + caplog.text
    assert "ValueError at test_error_messages.py" in caplog.text
