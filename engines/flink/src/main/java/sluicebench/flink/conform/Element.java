package sluicebench.flink.conform;

import sluicebench.jvm.Json;
import sluicebench.jvm.conform.Item;

/**
 * An item of a case as it flows: an event, or a mark that becomes a watermark and goes no further.
 * Values are JSON, so that whatever a case holds is one type.
 */
public class Element {
    public int index;
    public boolean isMark;
    public boolean isRight;

    /** Of an event its time, and of a mark what it says. */
    public long time;

    public String key;
    public String value;

    public static Element of(Item item) {
        Element element = new Element();
        element.index = item.index();
        element.isMark = !item.isEvent();
        element.isRight = item.isRight();
        if (item.isEvent()) {
            element.time = item.time();
            element.key = item.key();
            element.value = Json.value(item.value());
        } else {
            element.time =
                    item.endsStream() ? Long.MAX_VALUE : item.words().number("watermark");
        }
        return element;
    }

    long number() {
        return Long.parseLong(value);
    }

    /** The sum of both, for their key. */
    Element plus(Element other) {
        Element sum = new Element();
        sum.key = key;
        sum.time = Math.max(time, other.time);
        sum.value = Long.toString(Math.addExact(number(), other.number()));
        return sum;
    }
}
