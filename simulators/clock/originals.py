"""The process' own clock, locks and sockets, unpatched."""

import _thread  # noqa: PLC2701 - the raw locks below every other
import select
import socket
import threading
import time

allocate_lock = _thread.allocate_lock
get_ident = _thread.get_ident
sleep = time.sleep
time_s = time.time
time_ns = time.time_ns
monotonic_s = time.monotonic
monotonic_ns = time.monotonic_ns
perf_counter_s = time.perf_counter
select_fds = select.select
thread_start = threading.Thread.start
thread_bootstrap = threading.Thread._bootstrap  # type: ignore[attr-defined] # noqa: SLF001
thread_join = threading.Thread.join
socket_connect = socket.socket.connect
socket_connect_ex = socket.socket.connect_ex
socket_send = socket.socket.send
socket_sendall = socket.socket.sendall
socket_recv = socket.socket.recv
socket_recv_into = socket.socket.recv_into
socket_close = socket.socket.close
socket_sendmsg = getattr(socket.socket, "sendmsg", socket.socket.send)
