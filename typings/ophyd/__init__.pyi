"""Types of the part of ophyd that this project uses; ophyd ships none."""

from collections.abc import Callable, Iterator
from typing import Any, Generic, Literal, Self, TypeVar, overload

from bluesky.protocols import Reading
from event_model.documents.event_descriptor import DataKey

from ophyd.status import DeviceStatus as DeviceStatus
from ophyd.status import Status as Status

T = TypeVar("T")
KindName = Literal["omitted", "normal", "config", "hinted"]

class Signal:
    name: str
    attr_name: str
    @property
    def dotted_name(self) -> str: ...
    parent: Any
    kind: Any
    SUB_VALUE: str
    tolerance: float | None
    def __init__(
        self,
        *,
        name: str,
        value: Any = ...,
        dtype: Any = ...,
        kind: KindName = ...,
        parent: Any = ...,
        labels: Any = ...,
        timestamp: float | None = ...,
        rtolerance: float | None = ...,
        tolerance: float | None = ...,
        metadata: dict[str, Any] | None = ...,
        **kwargs: Any,
    ) -> None: ...
    @property
    def timestamp(self) -> float: ...
    @property
    def value(self) -> Any: ...
    def get(self, **kwargs: Any) -> Any: ...
    def put(self, value: Any, *, force: bool = ..., **kwargs: Any) -> None: ...
    def set(self, value: Any, *, timeout: float | None = ..., **kwargs: Any) -> Status: ...
    def read(self) -> dict[str, Reading[Any]]: ...
    def describe(self) -> dict[str, DataKey]: ...
    def subscribe(
        self, callback: Callable[..., None], event_type: str | None = ..., run: bool = ...
    ) -> int: ...
    def unsubscribe(self, cid: int) -> None: ...
    def destroy(self) -> None: ...

class Component(Generic[T]):
    doc: str | None
    def __init__(
        self,
        cls: Callable[..., T],
        suffix: str | None = ...,
        *,
        kind: KindName = ...,
        doc: str | None = ...,
        **kwargs: Any,
    ) -> None: ...
    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

class ComponentWalk:
    dotted_name: str
    item: Signal

class Device:
    name: str
    parent: Any
    component_names: tuple[str, ...]
    read_attrs: list[str]
    def walk_signals(self, *, include_lazy: bool = ...) -> Iterator[ComponentWalk]: ...
    configuration_attrs: list[str]
    def __init__(
        self,
        prefix: str = ...,
        *,
        name: str,
        kind: KindName | None = ...,
        read_attrs: list[str] | None = ...,
        configuration_attrs: list[str] | None = ...,
        parent: Any = ...,
        **kwargs: Any,
    ) -> None: ...
    @property
    def hints(self) -> dict[str, Any]: ...
    def read(self) -> dict[str, Reading[Any]]: ...
    def describe(self) -> dict[str, DataKey]: ...
    def read_configuration(self) -> dict[str, Reading[Any]]: ...
    def describe_configuration(self) -> dict[str, DataKey]: ...
    def configure(
        self, d: dict[str, Any]
    ) -> tuple[dict[str, Reading[Any]], dict[str, Reading[Any]]]: ...
    def trigger(self) -> Status: ...
    def stage(self) -> list[object]: ...
    def unstage(self) -> list[object]: ...
    def stop(self, *, success: bool = ...) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def destroy(self) -> None: ...
