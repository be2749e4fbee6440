package congvan.interop;

import eu.europa.esig.dss.enumerations.Indication;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.pades.validation.PDFDocumentValidator;
import java.util.LinkedHashMap;
import java.util.Map;

/** Measures validation: one pass over the files that is not counted, then the rounds asked for. */
final class Bench {
    static Map<String, Object> run(Verify verify, Main.Options o) throws Exception {
        int passed = round(verify, o);
        long began = System.nanoTime();
        for (int i = 0; i < o.rounds; i++) {
            passed = round(verify, o);
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("program", program());
        answer.put("files", o.files.size() * o.rounds);
        answer.put("passed", passed * o.rounds);
        answer.put("seconds", (System.nanoTime() - began) / 1e9);
        return answer;
    }

    /** The number of files of which every signature passed. */
    private static int round(Verify verify, Main.Options o) throws Exception {
        int passed = 0;
        for (String file : o.files) {
            SimpleReport report = verify.validate(file).getSimpleReport();
            boolean ok = report.getSignaturesCount() > 0;
            for (String id : report.getSignatureIdList()) {
                Indication i = report.getIndication(id);
                ok &= i == Indication.TOTAL_PASSED || i == Indication.PASSED;
            }
            passed += ok ? 1 : 0;
        }
        return passed;
    }

    static String program() {
        String version = PDFDocumentValidator.class.getProtectionDomain().getCodeSource().getLocation().getPath()
            .replaceAll(".*-([0-9][0-9.]*)\\.jar$", "$1");
        return "EU DSS " + version;
    }

    private Bench() {}
}
