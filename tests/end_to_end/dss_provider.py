"""Tickets of ITK-SNAP's Distributed Segmentation Service, from user to provider and back, through trouble."""

from __future__ import annotations

import json
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import numpy
from dss_service import LAB, PROVIDER, PYTHON, BadNetwork, Service
from testing import IMAGE, MODEL, PROGRAM, read_nifti, run_program, run_tests

RATERS = [IMAGE.parent / f"rater{number}.nii.gz" for number in (1, 2, 3)]
SEGMENT, UNCERTAINTY, FUSE = "RaterLens-Segment", "RaterLens-Segment-Uncertainty", "RaterLens-Fuse-Raters"
#: The service's own library reads a workspace with every image in it: role, file and largest value of each layer.
READ_ALL = """
import sys, json, SimpleITK
from itksnap_dss.itksnap_ws import WorkspaceWrapper
ws = WorkspaceWrapper(sys.argv[1])
layers = [ws.get_layer_folder(n) for n in range(ws.get_number_of_layers())]
files = [ws.get_layer_actual_path(layer) for layer in layers]
most = [float(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(file)).max()) for file in files]
print(json.dumps(list(zip([layer["Role"].get() for layer in layers], files, most))))
"""
#: Makes an authority and a certificate of it for this machine, with its key, as PEM files.
CERTIFY = """
import datetime, ipaddress, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

def named(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

def make(name, issuer, key, signer, is_authority):
    now, day = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(named(issuer), named(name), key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day)
    builder = builder.add_extension(x509.BasicConstraints(is_authority, None), True)
    if not is_authority:
        local = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        builder = builder.add_extension(x509.SubjectAlternativeName([local]), False)
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

authority, server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
open(sys.argv[1], "wb").write(make("hospital", "hospital", authority, authority, True))
kinds = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
open(sys.argv[2], "wb").write(make("dss", "hospital", server, authority, False) + server.private_bytes(*kinds))
"""
EXPORT = (
    "import sys; from itksnap_dss.itksnap_ws import WorkspaceWrapper as W; W(sys.argv[1]).export_workspace(sys.argv[2])"
)


def program(*arguments: object, text: str | None = None) -> str:
    """Runs `raterlens` and returns what it prints; fails with its own words."""
    run = subprocess.run([PROGRAM, *map(str, arguments)], input=text, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise AssertionError(run.stderr)
    return run.stdout


def itksnap_python(code: str, *arguments: object) -> str:
    """Runs Python code with ITK-SNAP's own packages."""
    run = subprocess.run([PYTHON, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise AssertionError(run.stderr)
    return run.stdout


def messages(log: list[dict[str, object]]) -> str:
    """The lines of a ticket's log."""
    return "\n".join(f"{line['category']}: {line['message']}" for line in log)


class DssProvider(unittest.TestCase):
    """The service, real providers, real tickets."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="raterlens-dss-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        (self.folder / "service").mkdir()
        self.service = Service(self.folder / "service")
        self.addCleanup(self.service.stop)
        program("dss-provider", "services", "-o", self.folder / "services")
        self.service.register(self.folder / "services")
        self.running: list[subprocess.Popen[bytes]] = []
        self.addCleanup(self.end_all)

    def end_all(self) -> None:
        """Ends the providers that are left."""
        for process in self.running:
            process.kill()
            process.wait()

    def place(self, instance: str, url: str | None = None) -> list[object]:
        """Where an instance works and where it keeps its things."""
        return ["--server", url or self.service.url, "--state", self.folder / "state", "--instance", instance]

    def provider(self, instance: str, *more: str, url: str | None = None) -> subprocess.Popen[bytes]:
        """Logs a provider in, if it is not, and starts it."""
        place = self.place(instance, url)
        if not (self.folder / "state" / instance / "session.json").exists():
            said = program("dss-provider", "login", *place, text=self.service.token(LAB) + "\n")
            self.assertIn(LAB, said)
        command = [PROGRAM, "dss-provider", "run", *place, "--provider", PROVIDER, "--model", MODEL, "--device", "cpu"]
        with (self.folder / f"{instance}.log").open("ab") as log:
            process = subprocess.Popen([*command, "--poll-seconds", "0.2", *more], stdout=log, stderr=log)
        self.running.append(process)
        return process

    def journal(self, instance: str) -> Path:
        """What an instance has under way."""
        return self.folder / "state" / instance / "ticket.json"

    def said(self, instance: str) -> str:
        """The log of an instance."""
        return (self.folder / f"{instance}.log").read_text()

    def workspace(self, name: str, *, raters: bool = False) -> Path:
        """A user's workspace in a folder of its own."""
        folder = self.folder / "users" / name
        folder.mkdir(parents=True)
        shutil.copy(IMAGE, folder / "image.nii.gz")
        layers: list[object] = []
        for n, rater in enumerate(RATERS if raters else []):
            shutil.copy(rater, folder / f"r{n}.nii.gz")
            layers += ["--segmentation", f"Rater {n + 1}={folder / f'r{n}.nii.gz'}"]
        path = folder / "ticket.itksnap"
        program("workspace", "create", folder / "image.nii.gz", "-o", path, *layers)
        return path

    def until(self, is_so, seconds: float = 60.0) -> None:
        """Waits for a condition."""
        end = time.monotonic() + seconds
        while not is_so():
            self.assertLess(time.monotonic(), end, "it took too long")
            time.sleep(0.01)

    def result(self, ticket: int) -> list[tuple[str, str, float]]:
        """Role, file and largest value of each layer of a result, read by the service's own library."""
        workspace = self.service.results(ticket, self.folder / "back" / str(ticket))
        self.assertNotIn(tempfile.gettempdir(), workspace.read_text())
        self.assertNotIn("(missing)", program("workspace", "show", workspace))
        return [tuple(layer) for layer in json.loads(itksnap_python(READ_ALL, workspace))]

    def test_each_service_goes_from_user_to_provider_and_back(self) -> None:
        plain, raters = self.workspace("a"), self.workspace("b", raters=True)
        # A third workspace as the service's own library sends them; a fourth that names a file of the provider's.
        exported = self.folder / "users/c/ticket.itksnap"
        exported.parent.mkdir()
        itksnap_python(EXPORT, plain, exported)
        curious = self.workspace("d")
        curious.write_text(curious.read_text().replace(str(curious.parent / "image.nii.gz"), str(IMAGE)))
        (curious.parent / "image.nii.gz").unlink()
        tickets = [
            self.service.submit(service, workspace)
            # One rater is none to fuse.
            for service, workspace in (
                (SEGMENT, exported),
                (UNCERTAINTY, plain),
                (FUSE, raters),
                (FUSE, plain),
                (SEGMENT, curious),
            )
        ]
        provider = self.provider("one")
        states = self.service.wait(tickets, 240)
        logs = [self.service.log(ticket) for ticket in tickets]
        self.assertEqual(
            states, ["success", "success", "success", "failed", "failed"], "\n\n".join(map(messages, logs))
        )
        self.assertIn("error: 0 label map of this image was given: name at least two", messages(logs[3]))
        self.assertIn("error: the file of layer 0 of the workspace did not come with the ticket", messages(logs[4]))
        self.assertNotIn(str(self.folder), json.dumps(logs))

        pictures = [a for line in logs[0] for a in line["attachments"]]
        self.assertEqual([p["mime_type"] for p in pictures], ["image/png"])
        picture = self.service.ask(pictures[0]["url"].removeprefix(self.service.url + "/"))
        self.assertEqual(picture[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual([int.from_bytes(picture[at : at + 4]) for at in (16, 20)], [256, 256])

        results = [self.result(ticket) for ticket in tickets[:3]]
        roles = [[role.removesuffix("Role") for role, _, _ in layers] for layers in results]
        self.assertEqual(roles[0], ["Main", "Segmentation"])
        self.assertEqual(sorted(roles[1]), ["Main", *6 * ["Overlay"], "Segmentation"])
        self.assertEqual(sorted(roles[2]), ["Main", *4 * ["Overlay"], *4 * ["Segmentation"]])
        # One set of numbers: what comes back is what the command line gives.
        case = run_program(IMAGE, self.folder / "case")
        expected, _ = read_nifti(case / "labels.nii.gz")
        for layers in results[:2]:
            labels = [file for role, file, _ in layers if role == "SegmentationRole"]
            numpy.testing.assert_array_equal(read_nifti(Path(labels[0]))[0], expected)
        program("fuse", *RATERS, "-o", self.folder / "fused")
        expected, _ = read_nifti(self.folder / "fused/consensus.nii.gz")
        consensus = [file for role, file, _ in results[2] if role == "SegmentationRole"][-1]
        numpy.testing.assert_array_equal(read_nifti(Path(consensus))[0], expected)
        # Variance maps; of the service of uncertainty also entropies of five classes, at most ln 5.
        largest = [[most for role, _, most in layers if role == "OverlayRole"] for layers in results]
        self.assertTrue(all(0 < most <= 0.25 for most in largest[2]))
        self.assertTrue(all(0 < most <= 1.61 for most in largest[1]))
        self.assertGreaterEqual(sum(most <= 0.25 for most in largest[1]), 4)
        provider.send_signal(signal.SIGTERM)
        self.assertEqual(provider.wait(30), 0)

    def test_three_providers_share_twenty_tickets_through_kill_and_restart(self) -> None:
        workspace = self.workspace("a", raters=True)
        tickets = [self.service.submit(FUSE, workspace) for _ in range(20)]
        _, two, _ = (self.provider(name) for name in ("one", "two", "three"))
        # Kill one with a ticket in its hands, and the service while the others have theirs.
        self.until(self.journal("two").exists)
        two.kill()
        two.wait()
        mine = json.loads(self.journal("two").read_text())["ticket"]
        self.until(lambda: self.journal("one").exists() and self.journal("three").exists())
        self.service.stop()
        time.sleep(1)
        self.service.start()
        self.assertEqual(self.service.status(mine), "claimed")
        self.provider("two")
        self.assertEqual(self.service.wait(tickets, 240), ["success"] * 20)
        # Nothing was lost, and nothing was claimed, finished or ended twice.
        for ticket in tickets:
            self.assertEqual(self.service.history(ticket), ["init", "ready", "claimed", "success"])
            said = messages(self.service.log(ticket))
            self.assertEqual(said.count("Ticket claimed by provider"), 1, said)
            self.assertEqual(said.count("The result is ready"), 1, said)
            # Only the work that was cut off began twice.
            self.assertIn(said.count("fuses the raters"), (1, 2) if ticket == mine else (1,), said)
        took_part = {
            name
            for name in ("one", "two", "three")
            if f"instance {name}" in "".join(messages(self.service.log(t)) for t in tickets)
        }
        self.assertEqual(took_part, {"one", "two", "three"})

    def test_a_deleted_ticket_is_let_go_and_a_stopped_one_fails_honestly(self) -> None:
        workspace = self.workspace("a")
        before, during, stopped = (self.service.submit(UNCERTAINTY, workspace) for _ in range(3))
        self.service.get(f"tickets/{before}/delete")
        provider = self.provider("one")
        self.until(lambda: float(self.service.get(f"tickets/{during}/progress")) > 0)
        self.service.get(f"tickets/{during}/delete")
        self.until(lambda: float(self.service.get(f"tickets/{stopped}/progress")) > 0)
        provider.send_signal(signal.SIGTERM)
        self.assertEqual(provider.wait(60), 0)
        self.assertIn("deleted by its user", self.said("one"))
        self.assertEqual(self.service.history(during), ["init", "ready", "claimed", "deleted"])
        self.assertEqual(self.service.status(stopped), "failed")
        self.assertIn("error: the provider was stopped by its administrator", messages(self.service.log(stopped)))
        self.assertFalse(self.journal("one").exists())
        # Its user has it done again, by another one.
        self.service.get(f"tickets/{stopped}/retry")
        self.assertEqual(self.provider("two", "--tickets", "1").wait(120), 0)
        self.assertEqual(self.service.status(stopped), "success")

    def test_results_arrive_whole_through_a_bad_network(self) -> None:
        workspace = self.workspace("a", raters=True)
        tickets = [self.service.submit(FUSE, workspace) for _ in range(2)]
        seen: list[str] = []

        def fault(path: str, body: bytes) -> tuple[bytes | None, bool]:
            is_upload = path.endswith("files/results") and bool(body)
            kind = "upload" if is_upload else path
            seen.append(kind)
            count = seen.count(kind)
            if is_upload and f"/{tickets[1]}/" in path:
                # Everything of the second ticket is damaged, always.
                return body[:300] + bytes([body[300] ^ 1]) + body[301:], True
            if is_upload and count == 2:
                return None, False
            if is_upload and count == 3:
                return body[:300] + bytes([body[300] ^ 1]) + body[301:], True
            # The end of the first ticket arrives, but the answer does not come back.
            is_end = path.endswith(f"/{tickets[0]}/status") and b"success" in body
            return body, not is_end

        network = BadNetwork(self.service, fault)
        self.addCleanup(network.stop)
        provider = self.provider("one", "--tickets", "2", url=network.url)
        self.assertEqual(provider.wait(120), 0, self.said("one"))
        self.assertEqual([self.service.status(ticket) for ticket in tickets], ["success", "failed"])
        self.assertEqual(self.service.history(tickets[0]), ["init", "ready", "claimed", "success"])
        self.assertIn("arrived changed and is sent again", self.said("one"))
        self.assertIn("error: the result arrives at the service changed", messages(self.service.log(tickets[1])))
        self.assertEqual(len(self.result(tickets[0])), 9)
        for ticket in tickets:
            self.assertEqual(messages(self.service.log(ticket)).count("fuses the raters"), 1)

    def test_the_service_must_prove_who_it_is(self) -> None:
        authority, server = self.folder / "authority.pem", self.folder / "server.pem"
        itksnap_python(CERTIFY, authority, server)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(server)
        network = BadNetwork(self.service, lambda _, body: (body, True), tls)
        self.addCleanup(network.stop)
        command = ["dss-provider", "login", *self.place("one", network.url)]
        token = self.service.token(LAB)
        wrong = (([], "--ca"), (["--ca", self.folder / "none.pem"], "cannot be used"), (["--ca", IMAGE], "PEM"))
        for more, reason in wrong:
            arguments = map(str, [*command, *more])
            refused = subprocess.run([PROGRAM, *arguments], input=token, capture_output=True, text=True, check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn(reason, refused.stderr)
        self.assertEqual(self.service.token(LAB), token)
        self.assertIn(LAB, program(*command, "--ca", authority, text=token))
        ticket = self.service.submit(FUSE, self.workspace("a", raters=True))
        more = ("--ca", str(authority), "--tickets", "1")
        self.assertEqual(self.provider("one", *more, url=network.url).wait(60), 0, self.said("one"))
        self.assertEqual(self.service.status(ticket), "success")

    def test_tickets_of_the_journal_are_adopted_given_up_or_only_told(self) -> None:
        workspace = self.workspace("a", raters=True)
        lost, deadly, sent = (self.service.submit(FUSE, workspace) for _ in range(3))
        self.provider("one").kill()  # Is logged in now.
        place = self.place("one")
        refused = subprocess.run(
            [PROGRAM, "dss-provider", "adopt", *map(str, place), str(lost), FUSE], capture_output=True, text=True
        )
        self.assertEqual(refused.returncode, 1)
        self.assertIn("'ready'", refused.stderr)
        # As after a claim whose answer was lost.
        with self.service.database() as base:
            base.execute("update tickets set status = 'claimed'")
            user = base.execute("select id from users where email = ?", (LAB,)).fetchone()[0]
            for ticket in (lost, deadly, sent):
                base.execute(
                    "insert into claim_history (ticket_id, provider, puser_id) values (?, ?, ?)",
                    (ticket, PROVIDER, user),
                )
        program("dss-provider", "adopt", *place, lost, FUSE)
        self.assertEqual(self.provider("one", "--tickets", "1").wait(60), 0, self.said("one"))
        self.assertEqual(self.service.status(lost), "success")
        entry = {"ticket": deadly, "service": FUSE, "server": self.service.url, "tries": 3}
        self.journal("one").write_text(json.dumps(entry))
        self.assertEqual(self.provider("one", "--tickets", "1").wait(60), 0, self.said("one"))
        self.assertEqual(self.service.status(deadly), "failed")
        self.assertIn("began 3 times", messages(self.service.log(deadly)))
        # Killed after its result had arrived: only the end is told.
        self.journal("one").write_text(json.dumps({**entry, "ticket": sent, "tries": 1, "sent": True}))
        self.assertEqual(self.provider("one", "--tickets", "1").wait(60), 0, self.said("one"))
        self.assertEqual(self.service.status(sent), "success")
        self.assertNotIn("fuses the raters", messages(self.service.log(sent)))


if __name__ == "__main__":
    run_tests(MODEL, IMAGE, PROGRAM, PYTHON)
