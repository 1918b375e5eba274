"""The messages of RFC 4475 that a hotline may meet as calls: each its own, with the point that the RFC makes.

Named as there. Those about other methods are INVITEs here where the point is in a header: so there is a call to lose.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.integration.harness.raw_sip import OFFER, Invite

Where = tuple[str, int]
Make = Callable[[Where], bytes]

_OURS: Where = ("127.0.0.2", 5099)
"""In the text only: answers come back by `rport`."""


@dataclass(frozen=True)
class Torture:
    """`is_call`: an INVITE that must be answered, whatever the answer."""

    name: str
    make: Make
    is_call: bool = True
    is_invite: bool = True

    def message(self, theirs: Where) -> bytes:
        return self.make(theirs)


def _invite(**parts: object) -> Make:
    return lambda theirs: Invite(**parts).written(_OURS, theirs)  # type: ignore[arg-type]


def _changed(old: bytes, new: bytes, **parts: object) -> Make:
    def make(theirs: Where) -> bytes:
        message = _invite(**parts)(theirs)
        assert old in message
        return message.replace(old, new, 1)

    return make


def wsinv(theirs: Where) -> bytes:
    host = b"%s:%d" % (theirs[0].encode(), theirs[1])
    head = (
        b"INVITE sip:4008100002@%s;unknownparam SIP/2.0\r\nTO :\r\n sip:4008100002@%s ;   tagged\r\n"
        b'from   : "J Rosenberg \\\\\\""       <sip:13700990001@127.0.0.2>\r\n  ;\r\n  tag = 98asjd8\r\n'
        b"MaX-fOrWaRdS: 0068\r\nCall-ID: wsinv.%d\r\nContent-Length   : %d\r\ncseq: 0009\r\n  INVITE\r\n"
        b"Via  : SIP  /   2.0\r\n /UDP\r\n    127.0.0.2;rport;branch=z9hG4bKws%d\r\ns :\r\n"
        b"NewFangledHeader:   newfangled value\r\n continued newfangled value\r\n"
        b"UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n"
        b'Content-Type: application/sdp\r\nm:"Quoted string \\"\\"" <sip:127.0.0.2:5099> ; newparam =\r\n'
        b"      newvalue ;\r\n  secondparam ; q = 0.33\r\n\r\n"
    )
    return head % (host, host, theirs[1], len(OFFER), theirs[1]) + OFFER


def mpart01(theirs: Where) -> bytes:
    body = (
        b"--boundary42\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
        b"--boundary42\r\nContent-Type: application/sdp\r\n\r\n%s\r\n--boundary42--\r\n" % OFFER
    )
    return _invite(offer=body, content_type=b"multipart/mixed;boundary=boundary42")(theirs)


def dblreq(theirs: Where) -> bytes:
    return _invite()(theirs) + _invite()(theirs)


def insuf(theirs: Where) -> bytes:
    message = _invite()(theirs)
    return b"\r\n".join(line for line in message.split(b"\r\n") if not line.startswith((b"From:", b"CSeq:")))


def inv2543(theirs: Where) -> bytes:
    host = b"%s:%d" % (theirs[0].encode(), theirs[1])
    head = (
        b"INVITE sip:4008100002@%s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2;rport\r\nFrom: <sip:13700990002@127.0.0.2>\r\n"
        b"To: <sip:4008100002@%s>\r\nCall-ID: inv2543.%d@127.0.0.2\r\nCSeq: 56 INVITE\r\n"
        b"Contact: <sip:127.0.0.2:5099>\r\nContent-Type: application/sdp\r\n\r\n"
    )
    return head % (host, host, theirs[1]) + OFFER


LONG = b"a" * 300

TORTURE = (
    Torture("wsinv", wsinv),
    Torture(
        "intmeth", _changed(b"INVITE ", b"!interesting-Method0123456789_*+`.%indeed'~ "), is_call=False, is_invite=False
    ),
    Torture("esc02", _invite(origin=b'"%Z%45" <sip:resource%41@127.0.0.2>;tag=f2')),
    Torture("escnull", _invite(user=b"4008100002%00", origin=b"<sip:null-%00-null@127.0.0.2>;tag=83")),
    Torture("lwsdisp", _invite(origin=b"caller<sip:caller@127.0.0.2>;tag=323")),
    Torture(
        "longreq",
        _invite(
            origin=b'"%s" <sip:%s@127.0.0.2>;tag=%s' % (LONG, LONG, LONG),
            call_id=b"longreq.one" + b"really" * 20,
            headers=(b"Unknown-%s: value" % LONG, b"Via: SIP/2.0/UDP 127.0.0.3;branch=z9hG4bK" + LONG),
        ),
    ),
    Torture("dblreq", dblreq),
    Torture("semiuri", _invite(user=b"4008100002;par=u%40example.net")),
    Torture("transports", _invite(headers=(b"Via: SIP/2.0/UNKNOWN 127.0.0.3;branch=z9hG4bKa",))),
    Torture("mpart01", mpart01),
    Torture("badinv01", _invite(headers=(b"Via: ;;,;,,", b"Subject: ,,,")), is_call=False),
    Torture("clerr", _invite(length=b"9999"), is_call=False),
    Torture("ncl", _invite(length=b"-999"), is_call=False),
    Torture(
        "scalar02",
        _invite(cseq=b"36893488147419103232 INVITE", headers=(b"Expires: 10000000000000000000",)),
        is_call=False,
    ),
    Torture("lwsruri", _invite(target=b"sip:4008100002@127.0.0.1; lr"), is_call=False),
    Torture("baddn", _invite(origin=b'"Watson, come here <sip:watson@127.0.0.2>;tag=341'), is_call=False),
    Torture(
        "multi01", _invite(headers=(b"Max-Forwards: 5", b"CSeq: 5 INVITE", b"Call-ID: other@127.0.0.2")), is_call=False
    ),
    Torture("invut", _invite(content_type=b"application/unknownformat", offer=b"<audio> </audio>")),
    Torture("bext01", _invite(headers=(b"Require: nothingSupportsThis, nothingSupportsThisEither",))),
    Torture("insuf", insuf, is_call=False),
    Torture("unkscm", _invite(target=b"nobodyKnowsThisScheme:totallyopaquecontent"), is_call=False),
    Torture("inv2543", inv2543),
)
