package congvan.interop;

import eu.europa.esig.dss.diagnostic.DiagnosticData;
import eu.europa.esig.dss.diagnostic.PDFRevisionWrapper;
import eu.europa.esig.dss.diagnostic.SignatureWrapper;
import eu.europa.esig.dss.diagnostic.TimestampWrapper;
import eu.europa.esig.dss.diagnostic.jaxb.XmlObjectModification;
import eu.europa.esig.dss.enumerations.TimestampType;
import eu.europa.esig.dss.enumerations.TokenExtractionStrategy;
import eu.europa.esig.dss.jaxb.object.Message;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.policy.ValidationPolicy;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.pades.validation.PDFDocumentValidator;
import eu.europa.esig.dss.policy.ValidationPolicyFacade;
import eu.europa.esig.dss.service.crl.OnlineCRLSource;
import eu.europa.esig.dss.service.ocsp.OnlineOCSPSource;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.client.http.NativeHTTPDataLoader;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.aia.DefaultAIASource;
import eu.europa.esig.dss.validation.reports.Reports;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Validates files with EU DSS under our own policy, resources/policy.xml. */
final class Verify {
    private final ValidationPolicy policy;
    private final CommonTrustedCertificateSource anchors = new CommonTrustedCertificateSource();
    private final Main.Options options;

    Verify(Main.Options o) throws Exception {
        options = o;
        try (InputStream in = Verify.class.getResourceAsStream("/policy.xml")) {
            policy = ValidationPolicyFacade.newFacade().getValidationPolicy(in);
        }
        for (String path : o.trust) {
            for (CertificateToken c : certificates(path)) {
                anchors.addCertificate(c);
            }
        }
    }

    /** Every certificate of a PEM file, in its order. */
    static List<CertificateToken> certificates(String path) throws Exception {
        List<CertificateToken> out = new ArrayList<>();
        try (InputStream in = new FileInputStream(path)) {
            for (var c : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                out.add(new CertificateToken((X509Certificate) c));
            }
        }
        return out;
    }

    /** A verifier that believes the anchors and, unless offline, asks the addresses in certificates. */
    CommonCertificateVerifier verifier() throws IOException {
        CommonCertificateVerifier v = new CommonCertificateVerifier();
        v.setTrustedCertSources(anchors);
        v.setAIASource(null);
        v.setOcspSource(null);
        v.setCrlSource(null);
        if (!options.crls.isEmpty()) {
            v.setCrlSource(new GivenLists(options.crls));
        } else if (!options.offline) {
            online(v);
        }
        return v;
    }

    static void online(CommonCertificateVerifier v) {
        NativeHTTPDataLoader loader = new NativeHTTPDataLoader();
        loader.setConnectTimeout(5000);
        loader.setReadTimeout(10000);
        v.setAIASource(new DefaultAIASource(loader));
        v.setOcspSource(new OnlineOCSPSource(loader));
        v.setCrlSource(new OnlineCRLSource(loader));
    }

    Reports validate(String path) throws IOException {
        PDFDocumentValidator validator = new PDFDocumentValidator(new FileDocument(new File(path)));
        validator.setCertificateVerifier(verifier());
        validator.setTokenExtractionStrategy(TokenExtractionStrategy.NONE);
        validator.setEnableEtsiValidationReport(false);
        return validator.validateDocument(policy);
    }

    Map<String, Object> file(String path) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("file", path);
        List<Map<String, Object>> signatures = new ArrayList<>();
        answer.put("signatures", signatures);
        try {
            Reports reports = validate(path);
            SimpleReport simple = reports.getSimpleReport();
            DiagnosticData data = reports.getDiagnosticData();
            for (SignatureWrapper s : data.getSignatures()) {
                Map<String, Object> one = token("signature", s.getPDFRevision(), simple, s.getId());
                one.put("level", String.valueOf(simple.getSignatureFormat(s.getId())));
                signatures.add(one);
            }
            for (TimestampWrapper t : data.getTimestampList()) {
                if (t.getType() == TimestampType.DOCUMENT_TIMESTAMP) {
                    signatures.add(token("timestamp", t.getPDFRevision(), simple, t.getId()));
                }
            }
        } catch (Exception | StackOverflowError e) {
            answer.put("error", String.valueOf(e));
        }
        return answer;
    }

    private static Map<String, Object> token(String kind, PDFRevisionWrapper revision, SimpleReport simple, String id) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("kind", kind);
        one.put("field", revision == null ? null : revision.getFirstFieldName());
        one.put("verdict", String.valueOf(simple.getIndication(id)));
        one.put("sub", simple.getSubIndication(id) == null ? null : simple.getSubIndication(id).toString());
        one.put("errors", texts(simple.getAdESValidationErrors(id)));
        one.put("warnings", texts(simple.getAdESValidationWarnings(id)));
        if (revision != null) {
            one.put("modified", revision.getModifiedFieldNames());
            one.put("undefined", changes(revision.getPdfUndefinedChanges()));
        }
        return one;
    }

    private static List<String> changes(List<XmlObjectModification> modifications) {
        List<String> out = new ArrayList<>();
        for (XmlObjectModification m : modifications) {
            out.add(m.getAction() + " " + m.getValue());
        }
        return out;
    }

    private static List<String> texts(List<Message> messages) {
        List<String> out = new ArrayList<>();
        for (Message m : messages) {
            out.add(m.getKey() + ": " + m.getValue());
        }
        return out;
    }
}
