package congvan.interop;

import eu.europa.esig.dss.crl.CRLBinary;
import eu.europa.esig.dss.crl.CRLUtils;
import eu.europa.esig.dss.enumerations.RevocationOrigin;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.spi.x509.revocation.crl.CRLSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.CRLToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Revocation lists from files: the cached revocation of the benchmark. */
final class GivenLists implements CRLSource {
    private static final long serialVersionUID = 1L;
    private final List<CRLBinary> lists = new ArrayList<>();
    private final transient Map<String, CRLToken> known = new ConcurrentHashMap<>();

    GivenLists(List<String> paths) throws IOException {
        for (String path : paths) {
            lists.add(CRLUtils.buildCRLBinary(Files.readAllBytes(Path.of(path))));
        }
    }

    @Override
    public CRLToken getRevocationToken(CertificateToken certificate, CertificateToken issuer) {
        return known.computeIfAbsent(certificate.getDSSIdAsString(), id -> find(certificate, issuer));
    }

    private CRLToken find(CertificateToken certificate, CertificateToken issuer) {
        for (CRLBinary list : lists) {
            try {
                var validity = CRLUtils.buildCRLValidity(list, issuer);
                if (validity.isValid()) {
                    CRLToken token = new CRLToken(certificate, validity);
                    token.setExternalOrigin(RevocationOrigin.EXTERNAL); // DSS asks every token where it is from
                    return token;
                }
            } catch (IOException e) {
                continue; // another issuer's list
            }
        }
        return null;
    }
}
