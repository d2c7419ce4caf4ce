package sluicebench.flink.conform;

/** A row that comes out, without the item that it came with. Its value is JSON. */
public class Answer {
    public Long windowStart;
    public Long windowEnd;
    public String key;
    public String value;

    public static Answer of(String key, String value) {
        Answer answer = new Answer();
        answer.key = key;
        answer.value = value;
        return answer;
    }

    Answer in(long start, long end) {
        windowStart = start;
        windowEnd = end;
        return this;
    }
}
