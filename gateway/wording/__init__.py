"""What our messages say: the templates of `templates/` filled in, and how many SMS segments a text takes."""

from gateway.wording.template import MissingValue
from gateway.wording.wording import Rendered, Wording

__all__ = ["MissingValue", "Rendered", "Wording"]
