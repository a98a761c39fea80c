"""Finds the instruments of a laboratory without disturbing them."""

from instruments.discovery.examples import example_bench, example_models
from instruments.discovery.finding import Finding
from instruments.discovery.network import ask_host, ask_network
from instruments.discovery.new_bench import bench_text, device_text, example_text, write_bench
from instruments.discovery.probe import probe
from instruments.discovery.serial_ports import serial_ports
from instruments.discovery.usb import usb_instruments

__all__ = [
    "Finding",
    "ask_host",
    "ask_network",
    "bench_text",
    "device_text",
    "example_bench",
    "example_models",
    "example_text",
    "probe",
    "serial_ports",
    "usb_instruments",
    "write_bench",
]
