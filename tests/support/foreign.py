"""Peers that are not of this suite: Python's ssl as a server, bytes as a server, an HTTP proxy. Loopback only."""
import socket
import ssl
import tempfile
import threading

# A key for tests, known to everybody; nothing trusts its certificate.
PLAIN_PEM = """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgcmJRFRxcijM2C5dY
/bWpn26/5WX+0Rzguk9436DkrkahRANCAAQfqIfTxQOk2ihAsIf9VKdBWVyShr2x
h08JbKbBTXD0X15eMVQm5HyZFxJ8Qdssjp/tQpFN0tHNkFih0HdCXz1k
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBgTCCASegAwIBAgIUcdMthn6wyMHPMBJM8WFxkqukyRwwCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKcGxhaW4udGVzdDAgFw0yNjExMjUwMDI1MzdaGA8yMTI2MTEw
MTAwMjUzN1owFTETMBEGA1UEAwwKcGxhaW4udGVzdDBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABB+oh9PFA6TaKECwh/1Up0FZXJKGvbGHTwlspsFNcPRfXl4xVCbk
fJkXEnxB2yyOn+1CkU3S0c2QWKHQd0JfPWSjUzBRMB0GA1UdDgQWBBSehe08g+jA
zCmiCb7a//Vw/o8YZDAfBgNVHSMEGDAWgBSehe08g+jAzCmiCb7a//Vw/o8YZDAP
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQCdP4jE6ylzTCkdKEbT
4kNWhAcVyZbV7nF/CnKc/HxVAwIgDBT0rCq29HCc9q05R9r+fWHMKzknE0zV6Kpl
hDRo99A=
-----END CERTIFICATE-----
"""


class RawServer:
    """Runs script(socket) for each connection."""

    def __init__(self, script):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.script = script
        self.connections = 0
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection):
        connection.settimeout(20)
        with connection:
            try:
                self.script(connection)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


class PlainTls(RawServer):
    """A TLS server without evidence. `received` is every application byte that ever came."""

    def __init__(self, client_certificates=False):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as pem:
            pem.write(PLAIN_PEM)
            pem.flush()
            self.context.load_cert_chain(pem.name)
        if client_certificates:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(cadata=PLAIN_PEM[PLAIN_PEM.index("-----BEGIN CERT"):])
        self.received = b""
        super().__init__(self._talk)

    def _talk(self, connection):
        with self.context.wrap_socket(connection, server_side=True) as tls:
            while True:
                block = tls.recv(4096)
                if not block:
                    return
                self.received += block


class Proxy(RawServer):
    """An HTTP proxy for CONNECT; `requests` are the heads it saw."""

    def __init__(self, refuse=False):
        self.requests = []
        self.refuse = refuse
        super().__init__(self._talk)

    def _talk(self, connection):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = connection.recv(1)
            if not byte:
                return
            head += byte
        self.requests.append(head.decode())
        if self.refuse:
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            return
        host, port = head.split()[1].decode().rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=20) as target:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            there = threading.Thread(target=self._copy, args=(connection, target), daemon=True)
            there.start()
            self._copy(target, connection)

    @staticmethod
    def _copy(source, sink):
        try:
            while block := source.recv(16384):
                sink.sendall(block)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
