package congvan.interop;

import com.fasterxml.jackson.databind.JsonNode;
import eu.europa.esig.dss.enumerations.CertificationPermission;
import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.EncryptionAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.enumerations.SignaturePackaging;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.SignatureValue;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.pades.PAdESSignatureParameters;
import eu.europa.esig.dss.pades.SignatureFieldParameters;
import eu.europa.esig.dss.pades.SignatureImageParameters;
import eu.europa.esig.dss.pades.signature.PAdESService;
import eu.europa.esig.dss.service.tsp.OnlineTSPSource;
import eu.europa.esig.dss.spi.client.http.NativeHTTPDataLoader;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.PSSParameterSpec;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes one PAdES signature with EU DSS as a job describes it. */
final class Sign {
    static Map<String, Object> job(JsonNode job) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("file", job.get("out").asText());
        try {
            sign(job);
        } catch (Exception e) {
            answer.put("error", String.valueOf(e));
        }
        return answer;
    }

    private static void sign(JsonNode job) throws Exception {
        List<CertificateToken> chain = Verify.certificates(job.get("chain").asText());
        PAdESService service = new PAdESService(verifier(job));
        if (job.hasNonNull("tsa")) {
            NativeHTTPDataLoader loader = new NativeHTTPDataLoader();
            service.setTspSource(new OnlineTSPSource(job.get("tsa").asText(), loader));
        }
        PAdESSignatureParameters p = parameters(job, chain);
        DSSDocument in = new FileDocument(new File(job.get("in").asText()));
        byte[] data = service.getDataToSign(in, p).getBytes();
        SignatureAlgorithm algorithm = p.getSignatureAlgorithm();
        service.signDocument(in, p, new SignatureValue(algorithm, value(job, algorithm, data))).save(job.get("out").asText());
    }

    private static CommonCertificateVerifier verifier(JsonNode job) throws Exception {
        CommonTrustedCertificateSource anchors = new CommonTrustedCertificateSource();
        for (CertificateToken c : Verify.certificates(job.get("trust").asText())) {
            anchors.addCertificate(c);
        }
        CommonCertificateVerifier v = new CommonCertificateVerifier();
        v.setTrustedCertSources(anchors);
        Verify.online(v);
        return v;
    }

    private static PAdESSignatureParameters parameters(JsonNode job, List<CertificateToken> chain) {
        PAdESSignatureParameters p = new PAdESSignatureParameters();
        p.setSignatureLevel(SignatureLevel.valueByName("PAdES-BASELINE-" + job.get("level").asText().substring(2)));
        p.setSignaturePackaging(SignaturePackaging.ENVELOPED);
        p.setDigestAlgorithm(DigestAlgorithm.forName(job.get("digest").asText()));
        p.setSigningCertificate(chain.get(0));
        p.setCertificateChain(chain);
        p.setEncryptionAlgorithm(encryption(job, chain.get(0)));
        p.bLevel().setSigningDate(new Date());
        p.setContentSize(32768);
        if (job.path("certify").asInt() > 0) {
            p.setPermission(CertificationPermission.fromCode(job.get("certify").asInt()));
        }
        SignatureFieldParameters field = new SignatureFieldParameters();
        if (job.hasNonNull("image")) {
            SignatureImageParameters image = new SignatureImageParameters();
            image.setImage(new FileDocument(new File(job.get("image").asText())));
            field.setOriginX(300);
            field.setOriginY(60);
            field.setWidth(100);
            field.setHeight(100);
            image.setFieldParameters(field);
            p.setImageParameters(image);
        }
        if (job.hasNonNull("field")) {
            field.setFieldId(job.get("field").asText());
            SignatureImageParameters image = p.getImageParameters();
            image.setFieldParameters(field);
            p.setImageParameters(image);
        }
        return p;
    }

    private static EncryptionAlgorithm encryption(JsonNode job, CertificateToken signer) {
        if (job.path("pss").asBoolean()) {
            return EncryptionAlgorithm.RSASSA_PSS;
        }
        return EncryptionAlgorithm.forName(signer.getPublicKey().getAlgorithm());
    }

    private static byte[] value(JsonNode job, SignatureAlgorithm algorithm, byte[] data) throws Exception {
        String pem = Files.readString(Path.of(job.get("key").asText()));
        byte[] der = Base64.getMimeDecoder().decode(pem.replaceAll("-----[^-]+-----", ""));
        boolean ec = algorithm.getEncryptionAlgorithm() == EncryptionAlgorithm.ECDSA;
        PrivateKey key = KeyFactory.getInstance(ec ? "EC" : "RSA").generatePrivate(new PKCS8EncodedKeySpec(der));
        String hash = algorithm.getDigestAlgorithm().getJavaName();
        Signature s;
        if (algorithm.getEncryptionAlgorithm() == EncryptionAlgorithm.RSASSA_PSS) {
            s = Signature.getInstance("RSASSA-PSS");
            int salt = algorithm.getDigestAlgorithm().getSaltLength();
            s.setParameter(new PSSParameterSpec(hash, "MGF1", new MGF1ParameterSpec(hash), salt, 1));
        } else {
            s = Signature.getInstance(hash.replace("-", "") + "with" + (ec ? "ECDSA" : "RSA"));
        }
        s.initSign(key);
        s.update(data);
        return s.sign();
    }

    private Sign() {}
}
