"""``primed()`` for Django: it also closes the database connections of the source."""

from streamhtml._primed import PrimedDeltas, needs_shared_loop
from streamhtml._primed import primed as primed_anywhere
from streamhtml._resource_scope import use_resource_scope
from streamhtml.django._connections import ConnectionScope, WaitingViewScope
from streamhtml.sources import Tokens


def primed(tokens: Tokens) -> PrimedDeltas:
    """Wait for the first delta of a source, as ``streamhtml.primed()`` does.

    The source can use the ORM, sync or async. Its connections are closed when it ends.
    """
    # If the view waits in its thread meanwhile, the source needs another one.
    scope = WaitingViewScope if needs_shared_loop() else ConnectionScope
    with use_resource_scope(scope):
        return primed_anywhere(tokens)
