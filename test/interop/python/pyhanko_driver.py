"""The Python driver of `make interop`: pyHanko signs and validates, all files in one
process. README.md beside this folder documents the command line.

`verify` does what `pyhanko sign validate` and `pyhanko sign adesverify` do with the same
settings: the first with revocation "hard-fail", the second with revocation required, and
both with the difference analysis that the command line uses. The level is what pyHanko
itself proves: with an archive timestamp, with revocation data from the file alone, with
a signature timestamp, or none of these.
"""

import argparse
import asyncio
import json
import logging
import sys
import time

from asn1crypto import crl as asn1_crl
from pyhanko.keys import load_cert_from_pemder, load_certs_from_pemder, load_private_key_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers, timestamps
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.stamp import TextStampStyle
from pyhanko.version import __version__
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy, FreshnessReqType
from pyhanko_certvalidator.registry import SimpleCertificateStore, SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer

PROGRAM = "pyHanko " + __version__


class Judge:
    """Validates files; trust, lists and network as the options say."""

    def __init__(self, options):
        self.roots = [c for path in options.trust for c in load_certs_from_pemder([path])]
        self.crls = [asn1_crl.CertificateList.load(open(path, "rb").read()) for path in options.crl]
        self.online = not (options.offline or options.crl)

    def open(self, handle):
        """Opens a file strictly; a hybrid one cannot be validated so (--no-strict-syntax)."""
        reader = PdfFileReader(handle)
        if reader.xrefs.hybrid_xrefs_present:
            reader = PdfFileReader(handle, strict=False)
        return reader

    def context(self):
        return ValidationContext(
            trust_roots=self.roots, allow_fetching=self.online, crls=self.crls, revocation_mode="hard-fail"
        )

    def ades_spec(self, online):
        policy = CertValidationPolicySpec(
            trust_manager=SimpleTrustManager.build(trust_roots=self.roots),
            revinfo_policy=CertRevTrustPolicy(
                REQUIRE_REVINFO, freshness=None, freshness_req_type=FreshnessReqType.MAX_DIFF_REVOCATION_VALIDATION
            ),
        )
        rule = RevinfoOnlineFetchingRule.NO_HISTORICAL_FETCH if online else RevinfoOnlineFetchingRule.LOCAL_ONLY
        return PdfSignatureValidationSpec(
            SignatureValidationSpec(
                cert_validation_policy=policy,
                revinfo_gathering_policy=RevocationInfoGatheringSpec(online_fetching_rule=rule),
                local_knowledge=LocalKnowledge(known_crls=[CRLContainer(c) for c in self.crls]),
            )
        )

    def validate(self, signature):
        return asyncio.run(async_validate_pdf_signature(signature, self.context(), self.context()))

    def ades(self, signature, online):
        return asyncio.run(ades_lta_validation(signature, self.ades_spec(online)))

    def file(self, path):
        answer = {"file": path, "signatures": []}
        try:
            with open(path, "rb") as handle:
                for signature in self.open(handle).embedded_regular_signatures:
                    answer["signatures"].append(self.signature(signature))
        except Exception as e:  # whatever a broken file brings about is an answer
            answer["error"] = f"{type(e).__name__}: {e}"
        return answer

    def signature(self, signature):
        answer = {"kind": "signature", "field": signature.field_name, "errors": []}
        try:
            status = self.validate(signature)
            if isinstance(status.diff_result, Exception):
                answer["errors"].append(str(status.diff_result))
            answer["validate"] = "passed" if status.bottom_line else "failed"
            answer["coverage"] = status.coverage.name
            answer["modification"] = status.modification_level.name if status.modification_level else None
            answer["docmdp_ok"] = status.docmdp_ok
            if not status.bottom_line:
                answer["errors"].append(status.summary())
        except Exception as e:
            answer["validate"] = "failed"
            answer["errors"].append(f"{type(e).__name__}: {e}")
        try:
            result = self.ades(signature, self.online)
            # The bottom line is what the command line prints. The indication alone would
            # be NO_POE for every file without a document timestamp: the process is LTA's.
            passed = result.api_status is not None and result.api_status.bottom_line
            answer["adesverify"] = "passed" if passed else "failed"
            answer["indication"] = f"{result.ades_subindic} {result.failure_msg or ''}".strip()
            answer["level"] = self.level(signature, result) if passed else None
            if not passed:
                answer["errors"].append(answer["indication"])
        except Exception as e:
            answer["adesverify"] = "failed"
            answer["errors"].append(f"{type(e).__name__}: {e}")
        return answer

    def level(self, signature, result):
        if result.signature_timestamp_status is None:
            return "B-B"
        if result.ades_subindic == AdESPassed.OK and result.oldest_evidence_record_timestamp:
            return "B-LTA"
        alone = self.ades(signature, False).api_status
        return "B-LT" if alone is not None and alone.bottom_line else "B-T"


def verify(options):
    judge = Judge(options)
    for path in options.files:
        print(json.dumps(judge.file(path), ensure_ascii=False), flush=True)


def bench(options):
    """One pass that is not counted, then the rounds: `sign validate` of every signature."""
    judge = Judge(options)

    def one_round():
        passed = 0
        for path in options.files:
            with open(path, "rb") as handle:
                found = judge.open(handle).embedded_regular_signatures
                passed += bool(found) and all(judge.validate(s).bottom_line for s in found)
        return passed

    passed = one_round()
    began = time.perf_counter()
    for _ in range(options.rounds):
        passed = one_round()
    print(json.dumps({
        "program": PROGRAM,
        "files": len(options.files) * options.rounds,
        "passed": passed * options.rounds,
        "seconds": time.perf_counter() - began,
    }))


def sign_one(job):
    """Makes one PAdES signature as a job describes it."""
    chain = list(load_certs_from_pemder([job["chain"]]))
    registry = SimpleCertificateStore()
    registry.register_multiple(chain)
    signer = signers.SimpleSigner(
        signing_cert=chain[0], signing_key=load_private_key_from_pemder(job["key"], passphrase=None),
        cert_registry=registry, prefer_pss=bool(job.get("pss")), embed_roots=False,
    )
    level = job["level"]
    roots = list(load_certs_from_pemder([job["trust"]]))
    permission = job.get("certify") or 0
    meta = signers.PdfSignatureMetadata(
        field_name=job.get("field") or "Signature1", md_algorithm=job["digest"].lower(),
        subfilter=fields.SigSeedSubFilter.PADES,
        validation_context=ValidationContext(trust_roots=roots, allow_fetching=True, revocation_mode="hard-fail"),
        embed_validation_info=level in ("B-LT", "B-LTA"), use_pades_lta=level == "B-LTA",
        certify=permission > 0, docmdp_permissions=fields.MDPPerm(permission or 2),
    )
    spec = None
    if not job.get("existing"):
        lock = None
        if job.get("lock"):
            lock = fields.FieldMDPSpec(fields.FieldMDPAction.INCLUDE, fields=job["lock"])
        box = (300, 60, 400, 160) if job.get("visible") else None
        spec = fields.SigFieldSpec(meta.field_name, box=box, field_mdp_spec=lock)
    style = None
    if job.get("visible"):
        style = TextStampStyle(stamp_text="%(signer)s\n%(ts)s")
    with open(job["in"], "rb") as source, open(job["out"], "wb") as target:
        signers.PdfSigner(
            meta, signer=signer, stamp_style=style, new_field_spec=spec,
            timestamper=timestamps.HTTPTimeStamper(job["tsa"]) if level != "B-B" else None,
        ).sign_pdf(IncrementalPdfFileWriter(source), output=target)


def sign(job):
    answer = {"file": job["out"]}
    try:
        sign_one(job)
    except Exception as e:
        answer["error"] = f"{type(e).__name__}: {e}"
    return answer


def serve(options):
    """Answers one question per line until the input ends: one process for a whole run."""
    judge = Judge(options)
    for line in sys.stdin:
        question = json.loads(line)
        answer = sign(question) if question["do"] == "sign" else judge.file(question["file"])
        print(json.dumps(answer, ensure_ascii=False), flush=True)


def main():
    logging.disable(logging.CRITICAL)  # verdicts are answers, not log lines
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    parser = argparse.ArgumentParser(prog="pyhanko")
    parser.add_argument("command", choices=["verify", "bench", "serve", "version"])
    parser.add_argument("--trust", action="append", default=[], metavar="PEM")
    parser.add_argument("--crl", action="append", default=[], metavar="DER")
    parser.add_argument("--offline", action="store_true")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("files", nargs="*")
    options = parser.parse_intermixed_args()
    if options.command == "version":
        print(json.dumps({"program": PROGRAM}))
    else:
        {"verify": verify, "bench": bench, "serve": serve}[options.command](options)


if __name__ == "__main__":
    sys.exit(main())
