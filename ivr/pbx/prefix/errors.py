"""What can go wrong with the Asterisk program and its process. Not call errors: those are in `ivr.port.telephony`.

PbxError
├── InstallFailed      the private Asterisk cannot be fetched, verified or unpacked; the text says what to do
├── AsteriskMissing    no usable Asterisk on this machine
├── AsteriskNotReady   it was started and did not become ready, or the command line tool got no answer
└── AsteriskGaveUp     it died too often; the supervisor stopped restarting it
"""


class PbxError(Exception):
    """Root of this package's errors; the message is for the operator."""


class InstallFailed(PbxError):
    """The private Asterisk could not be installed."""


class AsteriskMissing(PbxError):
    """There is no Asterisk of a version we accept."""


class AsteriskNotReady(PbxError):
    """Asterisk runs but does not answer, or did not start."""


class AsteriskGaveUp(PbxError):
    """Asterisk was restarted as often as allowed and died again."""
