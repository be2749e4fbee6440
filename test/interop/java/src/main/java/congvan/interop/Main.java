package congvan.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
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
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
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
            case "serve" -> serve(new Verify(o), out);
            case "version" -> out.println(JSON.writeValueAsString(Map.of("program", Bench.program())));
            default -> usage();
        }
        out.flush();
        System.exit(0); // threads of the libraries' HTTP clients are not waited for
    }

    /** Answers one question per line until the input ends, so that one JVM does for a whole run. */
    private static void serve(Verify verify, PrintStream out) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonNode question = JSON.readTree(line);
            Object answer = switch (question.get("do").asText()) {
                case "verify" -> verify.file(question.get("file").asText());
                case "sign" -> Sign.job(question);
                case "pdfa" -> Conformance.file(question.get("file").asText());
                default -> Map.of("error", "cannot do that");
            };
            out.println(JSON.writeValueAsString(answer));
            out.flush();
        }
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
            + "       dss serve [--trust PEM]...\n       dss version");
        System.exit(64);
    }

    private Main() {}
}
