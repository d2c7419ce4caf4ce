package sluicebench.jvm.conform;

/** An engine cannot be asked a case: its message says what it lacks, to stand behind its name. */
public final class Unsupported extends RuntimeException {
    private static final long serialVersionUID = 1;

    public Unsupported(String lacks) {
        super(lacks);
    }
}
