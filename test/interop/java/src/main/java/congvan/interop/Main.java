package congvan.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The command line of the Java driver; test/interop/README.md documents it. One process
 * works on as many files as it is given and prints one JSON object per file and line.
 */
public final class Main {
    /** What {@code verify} and {@code bench} are told. */
    static final class Options {
        final List<String> trust = new ArrayList<>();
        final List<String> crls = new ArrayList<>();
        final List<String> files = new ArrayList<>();
        boolean offline;
        int rounds = 1;
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] args) throws Exception {
        // What the libraries print on standard output must not stand between the answers.
        PrintStream out = System.out;
        System.setOut(System.err);
        if (args.length < 1) {
            usage();
        }
        Options o = parse(args);
        switch (args[0]) {
            case "verify" -> {
                Verify verify = new Verify(o);
                for (String file : o.files) {
                    out.println(JSON.writeValueAsString(verify.file(file)));
                }
            }
            case "bench" -> out.println(JSON.writeValueAsString(Bench.run(new Verify(o), o)));
            case "sign" -> {
                for (JsonNode job : JSON.readTree(new File(o.files.get(0)))) {
                    out.println(JSON.writeValueAsString(Sign.job(job)));
                }
            }
            case "pdfa" -> {
                for (String file : o.files) {
                    out.println(JSON.writeValueAsString(Conformance.file(file)));
                }
            }
            case "version" -> out.println(JSON.writeValueAsString(Map.of("program", Bench.program())));
            default -> usage();
        }
        out.flush();
        System.exit(0); // threads of the libraries' HTTP clients are not waited for
    }

    private static Options parse(String[] args) {
        Options o = new Options();
        for (int i = 1; i < args.length; i++) {
            switch (args[i]) {
                case "--trust" -> o.trust.add(args[++i]);
                case "--crl" -> o.crls.add(args[++i]);
                case "--offline" -> o.offline = true;
                case "--rounds" -> o.rounds = Integer.parseInt(args[++i]);
                default -> o.files.add(args[i]);
            }
        }
        return o;
    }

    private static void usage() {
        System.err.println("usage: dss verify|bench [--trust PEM]... [--crl DER]... [--offline] [--rounds N] FILE...\n"
            + "       dss sign JOBS.json\n       dss pdfa FILE...\n       dss version");
        System.exit(64);
    }

    private Main() {}
}
