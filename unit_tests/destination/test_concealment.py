"""No form of a secret survives in what is printed."""

import io
import json

import orjson
from hypothesis import given
from hypothesis import strategies as st

from destination_salesforce_intro import protocol
from destination_salesforce_intro.concealment import Concealment
from destination_salesforce_intro.output import Output

PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvAIBADAN\nqF+/x0Zz9w==\n-----END PRIVATE KEY-----\n"


@given(st.text(min_size=6, max_size=40).filter(lambda s: s.strip() == s and "*" not in s))
def test_a_secret_is_hidden_plain_and_quoted_by_python_or_json(secret: str) -> None:
    concealment = Concealment()
    concealment.add(secret)

    for form in (secret, repr(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        assert concealment.text(f"<{form}>") == "<****>"


def test_each_line_of_a_pem_key_is_hidden() -> None:
    for given_as in (PEM, PEM.replace("\n", "\\n")):
        concealment = Concealment()
        concealment.add(given_as)

        assert "MIIEvAIBADAN" not in concealment.text("expected MIIEvAIBADAN here")
        assert "qF+/x0Zz9w" not in concealment.text(repr(PEM))


def test_output_hides_secrets_in_words_and_leaves_states_alone() -> None:
    file = io.BytesIO()
    output = Output(file)
    output.conceal("hunter2")
    state = {"type": "STATE", "state": {"data": "hunter2"}}
    for message in (protocol.log("INFO", "hunter2!"), protocol.connection_status("hunter2"), state):
        output.say(message)

    first, second, third = map(orjson.loads, file.getvalue().splitlines())
    assert first["log"]["message"] == "****!"
    assert second["connectionStatus"]["message"] == "****"
    assert third == state


def test_keys_and_types_survive_a_secret_that_looks_like_one() -> None:
    file = io.BytesIO()
    output = Output(file)
    output.conceal("message")
    output.say(protocol.log("INFO", "a message"))

    assert orjson.loads(file.getvalue()) == protocol.log("INFO", "a ****")
