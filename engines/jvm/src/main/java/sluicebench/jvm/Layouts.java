package sluicebench.jvm;

import java.nio.ByteBuffer;

/** The layouts there are: one field after the other, in the order of their classes. */
public final class Layouts {
    private Layouts() {}

    /** Of events with a key, which are answers, too, where nothing is asked. */
    public static final class Keyed implements EventLayout<KeyedEvent>, AnswerLayout<KeyedEvent> {
        @Override
        public Class<KeyedEvent> type() {
            return KeyedEvent.class;
        }

        @Override
        public KeyedEvent read(ByteBuffer frame) {
            return readInto(new KeyedEvent(), frame);
        }

        @Override
        public int length() {
            return 4 * Long.BYTES;
        }

        @Override
        public void write(KeyedEvent event, ByteBuffer frame) {
            frame.putLong(event.due).putLong(event.eventTime);
            frame.putLong(event.key).putLong(event.value);
        }

        static <E extends KeyedEvent> E readInto(E event, ByteBuffer frame) {
            event.due = frame.getLong();
            event.eventTime = frame.getLong();
            event.key = frame.getLong();
            event.value = frame.getLong();
            return event;
        }
    }

    /** The same, and the payload. */
    public static final class Padded
            implements EventLayout<PaddedEvent>, AnswerLayout<PaddedEvent> {
        private final Keyed keyed = new Keyed();

        @Override
        public Class<PaddedEvent> type() {
            return PaddedEvent.class;
        }

        @Override
        public PaddedEvent read(ByteBuffer frame) {
            PaddedEvent event = Keyed.readInto(new PaddedEvent(), frame);
            event.payload = new long[PaddedEvent.PAYLOAD_WORDS];
            for (int at = 0; at < event.payload.length; at++) {
                event.payload[at] = frame.getLong();
            }
            return event;
        }

        @Override
        public int length() {
            return keyed.length() + PaddedEvent.PAYLOAD_WORDS * Long.BYTES;
        }

        @Override
        public void write(PaddedEvent event, ByteBuffer frame) {
            keyed.write(event, frame);
            for (long word : event.payload) {
                frame.putLong(word);
            }
        }
    }

    /** Of lines: how many words, and then those. */
    public static final class Lines implements EventLayout<Line> {
        @Override
        public Class<Line> type() {
            return Line.class;
        }

        @Override
        public Line read(ByteBuffer frame) {
            Line line = new Line();
            line.due = frame.getLong();
            line.eventTime = frame.getLong();
            line.words = new long[frame.getInt()];
            for (int at = 0; at < line.words.length; at++) {
                line.words[at] = frame.getLong();
            }
            return line;
        }
    }

    /** Of what comes out of windows. */
    public static final class Windows implements AnswerLayout<WindowAnswer> {
        @Override
        public int length() {
            return 8 * Long.BYTES;
        }

        @Override
        public void write(WindowAnswer answer, ByteBuffer frame) {
            frame.putLong(answer.due).putLong(answer.start).putLong(answer.end);
            frame.putLong(answer.key).putLong(answer.count).putLong(answer.sum);
            frame.putLong(answer.min).putLong(answer.max);
        }
    }

    /** Of what comes out of windows of counted events. */
    public static final class Numbered implements AnswerLayout<NumberedAnswer> {
        private final Windows windows = new Windows();

        @Override
        public int length() {
            return windows.length() + Long.BYTES;
        }

        @Override
        public void write(NumberedAnswer answer, ByteBuffer frame) {
            windows.write(answer, frame);
            frame.putLong(answer.number);
        }
    }
}
