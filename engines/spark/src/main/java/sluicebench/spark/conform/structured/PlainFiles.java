package sluicebench.spark.conform.structured;

import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * Local files whose permissions are left as they are: where Hadoop's native library is not there, it
 * starts a process for each file to change them.
 */
public final class PlainFiles extends LocalFileSystem {
    public PlainFiles() {
        super(new Raw());
    }

    private static final class Raw extends RawLocalFileSystem {
        @Override
        public void setPermission(Path path, FsPermission permission) {}
    }
}
