"""What `gradstop.kernels` relies on of jupyter_client, each assumption by its name."""

import asyncio
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from jupyter_client.manager import AsyncKernelManager, KernelManager
from jupyter_client.provisioning import LocalProvisioner

from gradstop.forkserver.forked import ForkedProcess
from gradstop.kernels import provisioner as provisioner_module
from gradstop.kernels.jupyter_clients import CLIENTS, WarmAsyncClient, WarmBlockingClient

KINDS = [(KernelManager, WarmBlockingClient), (AsyncKernelManager, WarmAsyncClient)]


def in_a_loop(coroutine):
    """Run a coroutine to its end; the browser's loop may run in this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


@pytest.mark.parametrize(("manager", "client"), KINDS)
def test_a_manager_names_a_client_in_client_class_that_we_know_and_makes_what_is_named_there_later(manager, client):
    one = manager()
    assert one.client_class in CLIENTS
    assert not isinstance(one.client(), client)
    one.client_class = CLIENTS[one.client_class]
    assert type(one.client()) is client


@pytest.mark.parametrize("manager", [KernelManager, AsyncKernelManager])
def test_a_client_of_either_kind_asks_its_manager_by_async_is_alive_whether_the_kernel_lives(manager):
    one = manager()
    assert in_a_loop(one.client()._async_is_alive()) is False


@pytest.mark.parametrize("manager", [KernelManager, AsyncKernelManager])
def test_handle_kernel_info_reply_has_a_client_speak_the_kernel_s_version_of_the_protocol(manager):
    client = manager().client()
    assert client.session.adapt_version == 0
    client._handle_kernel_info_reply({"content": {"protocol_version": "4.1"}})
    assert client.session.adapt_version == 4


@pytest.mark.parametrize("manager", [KernelManager, AsyncKernelManager])
def test_a_client_waits_at_the_start_in_wait_for_ready(manager):
    assert callable(manager().client().wait_for_ready)


def test_a_local_provisioner_itself_drops_these_launch_options_alone():
    known = dict.fromkeys(provisioner_module._KNOWN, 1)
    dropped = known.keys() - LocalProvisioner._scrub_kwargs(known).keys()
    assert dropped == {"extra_arguments", "kernel_id"}


class Asked:
    """A process, and what is asked of it."""

    def __init__(self, process):
        self._process, self._asked = process, set()

    def __getattr__(self, name):
        self._asked.add(name)
        return getattr(self._process, name)


def test_a_local_provisioner_asks_of_its_process_what_a_forked_one_has_too():
    async def use():
        provisioner = LocalProvisioner()
        provisioner.process = process = Asked(subprocess.Popen(["sleep", "60"]))
        provisioner.pid, provisioner.pgid = process.pid, None
        assert provisioner.has_process
        assert await provisioner.poll() is None
        await provisioner.get_provisioner_info()
        await provisioner.send_signal(0)
        await provisioner.terminate()
        await provisioner.kill()
        await provisioner.wait()
        return process._asked

    asked = in_a_loop(use())
    assert "poll" in asked
    forked = ForkedProcess(0, 0)
    assert {name for name in asked if not hasattr(forked, name)} == set()
