"""The subject of an answer, wherever one is written: by the bot, by an agent, or later in the same thread."""

import pytest

from gateway.domain.messages import answering


@pytest.mark.parametrize(
    ("subject", "answer"),
    [
        pytest.param("My order", "Re: My order", id="a first answer says so"),
        pytest.param("הזמנה 7", "Re: הזמנה 7", id="in Hebrew too"),
        pytest.param("RE: My order", "RE: My order", id="however theirs is spelled it is not said twice"),
        pytest.param("Regarding my order", "Re: Regarding my order", id="a word that begins alike is no answer"),
        pytest.param(" My\r\n\torder ", "Re: My order", id="a folded subject becomes one line"),
        pytest.param(" \n", "", id="there is nothing to answer under"),
    ],
)
def test_an_answer_goes_under_the_subject_it_answers(subject, answer):
    assert answering(subject) == answer
