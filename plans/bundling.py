"""Events of a stream: the first is checked whole, the others by their keys.

bluesky holds every event against a JSON schema, for which it writes out every array as text. On a
fast series of spectra that takes longer than to read the light. The events of a stream differ in
their values only, so what the schema says of the first holds for all.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bluesky.bundlers import RunBundler
from event_model import EventModelValidationError


class EventOfStream:
    """Composes the events of one stream.

    Args:
        compose: Composes an event; takes ``validate``.
        keys: What every event of the stream holds.
    """

    def __init__(self, compose: Callable[..., dict[str, Any]], keys: Mapping[str, Any]) -> None:
        self._compose = compose
        self._keys = keys.keys()
        self._is_first = True

    def __call__(
        self, *, data: Mapping[str, Any], timestamps: Mapping[str, float], **more: Any
    ) -> dict[str, Any]:
        """Return an event.

        Args:
            data: Values by key.
            timestamps: When each was read, s since 1970.
            more: What else bluesky has to say of the event.

        Raises:
            EventModelValidationError: The keys are not those of the stream, or the first event is
                none.
        """
        if self._is_first:
            event = self._compose(data=data, timestamps=timestamps, **more)
            self._is_first = False
            return event
        if not data.keys() == timestamps.keys() == self._keys:
            odd = sorted((data.keys() ^ self._keys) | (timestamps.keys() ^ self._keys))
            raise EventModelValidationError(
                f"an event must hold the keys of its stream; too many or missing: {odd}"
            )
        return self._compose(data=data, timestamps=timestamps, validate=False, **more)


class StreamBundler(RunBundler):
    """The bundler of a run, with streams whose first event is checked whole."""

    async def _prepare_stream(self, desc_key: str, objs_dks: Any) -> tuple[Any, Any, Any]:
        descriptor, compose, objects = await super()._prepare_stream(desc_key, objs_dks)
        external = any("external" in key for key in descriptor["data_keys"].values())
        if not external:  # those have documents of their own, which bluesky counts
            compose = EventOfStream(compose, descriptor["data_keys"])
            stream: Any = self._descriptors[desc_key]
            stream.compose_event = compose
        return descriptor, compose, objects
