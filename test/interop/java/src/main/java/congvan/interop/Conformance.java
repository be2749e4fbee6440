package congvan.interop;

import java.io.File;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.ValidationResult;

/** Asks veraPDF whether a file is what it says it is in its XMP metadata. */
final class Conformance {
    static {
        VeraGreenfieldFoundryProvider.initialise();
    }

    static Map<String, Object> file(String path) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("file", path);
        try (PDFAParser parser = Foundries.defaultInstance().createParser(new File(path))) {
            PDFAFlavour flavour = parser.getFlavour();
            answer.put("flavour", flavour.getId());
            try (PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false)) {
                ValidationResult result = validator.validate(parser);
                answer.put("compliant", result.isCompliant());
                TreeSet<String> failed = new TreeSet<>();
                for (var a : result.getTestAssertions()) {
                    failed.add(a.getRuleId().getClause() + "-" + a.getRuleId().getTestNumber() + ": " + a.getMessage());
                }
                answer.put("failed", failed);
            }
        } catch (Exception e) {
            answer.put("error", String.valueOf(e));
        }
        return answer;
    }

    private Conformance() {}
}
