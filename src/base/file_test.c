// Tests of file.h and writer.h: files that change while they are read, files that replace
// others, and errors of the system.
#include "tests/check.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/writer.h"

// ---- a system with faults: these functions replace those of libc

static int rename_fault, sync_fault, folder_fault; // errno values

int rename(const char *from, const char *to)
{
    errno = rename_fault;
    return rename_fault != 0
               ? -1
               : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int fsync(int fd)
{
    struct stat info;
    fstat(fd, &info);
    errno = S_ISDIR(info.st_mode) ? folder_fault : sync_fault;
    return errno != 0 ? -1 : (int)syscall(SYS_fsync, fd);
}

// What another program does to the file "latest" after a part of it was read.  It waits
// longer than a tick of the file system's clock.
static enum { NOTHING, TRUNCATE, GROW, REWRITE } change;
static int changed;

static void change_latest(void)
{
    const int fd = open("latest", O_WRONLY);
    usleep(20000);
    if (change == TRUNCATE)
        assert_int_equal(ftruncate(fd, 5), 0);
    else
        assert_int_equal(pwrite(fd, ", hello", 7, change == GROW ? 12 : 5), 7);
    close(fd);
    changed = (int)change;
}

ssize_t read(int fd, void *out, size_t size)
{
    if (change == NOTHING || lseek(fd, 0, SEEK_CUR) != 0)
        return syscall(SYS_read, fd, out, size);
    const ssize_t got = syscall(SYS_read, fd, out, size < 6 ? size : 6);
    change_latest();
    return got;
}

// ---- a new folder for each test

static char folder[64];

static int enter_folder(void **state)
{
    (void)state;
    rename_fault = sync_fault = folder_fault = 0;
    change = NOTHING;
    strcpy(folder, "/tmp/blemish-file-XXXXXX");
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

// Fails if a temporary file is left: a test removes the files that it made.
static int leave_folder(void **state)
{
    (void)state;
    return chdir("/") != 0 || rmdir(folder) != 0;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void check_content(const char *path, const char *text)
{
    blm_error err;
    blmi_file file;
    assert_ok(blmi_file_read(path, 0, &file, &err), err);
    assert_int_equal(file.size, strlen(text));
    assert_memory_equal(file.bytes, text, file.size);
    blmi_file_close(&file);
}

static mode_t mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(lstat(path, &info), 0);
    return info.st_mode & 07777;
}

static void write_ok(const char *path, const char *text)
{
    blm_error err;
    assert_ok(blmi_file_write(path, text, strlen(text), &err), err);
}

// ---- writing

static void files_appear_complete_or_not_at_all(void **state)
{
    (void)state;
    blm_error err;
    blmi_writer *writer;
    assert_int_equal(blmi_writer_open("file", &writer, &err), BLM_OK);
    assert_int_equal(blmi_writer_put(writer, "half", 4, &err), BLM_OK);
    assert_int_equal(access("file", F_OK), -1);
    blmi_writer_abandon(writer);
    assert_int_equal(blmi_writer_open("file", &writer, &err), BLM_OK);
    assert_int_equal(blmi_writer_put(writer, "hello", 5, &err), BLM_OK);
    assert_int_equal(blmi_writer_commit(writer, &err), BLM_OK);
    check_content("file", "hello");
    unlink("file");
    assert_int_equal(blmi_file_write("none/file", "x", 1, &err), BLM_ESYSTEM);
    assert_non_null(strstr(err.text, "none/file"));
    assert_int_equal(blmi_file_write("/dev/full", "x", 1, &err), BLM_ESYSTEM);
}

static void a_replaced_file_keeps_its_permissions(void **state)
{
    (void)state;
    const mode_t mask = umask(027), modes[] = {0600, 0666, 0755, 0440};
    write_ok("new", "1");
    assert_int_equal(mode_of("new"), 0640);
    assert_int_equal(umask(mask), 027); // the library did not change it
    unlink("new");
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        put("old", "old");
        assert_int_equal(chmod("old", modes[i]), 0);
        blm_error err;
        if (access("old", W_OK) == 0) {
            write_ok("old", "new");
            check_content("old", "new");
        } else
            assert_int_equal(blmi_file_write("old", "new", 3, &err), BLM_ESYSTEM);
        assert_int_equal(mode_of("old"), modes[i]);
        unlink("old");
    }
    if (geteuid() != 0)
        return;
    put("old", "old");
    assert_int_equal(chown("old", 1234, 4321), 0);
    write_ok("old", "new");
    struct stat info;
    assert_int_equal(stat("old", &info), 0);
    assert_true(info.st_uid == 1234 && info.st_gid == 4321);
    unlink("old");
}

static void links_stay_and_are_followed(void **state)
{
    (void)state;
    blm_error err;
    assert_int_equal(mkdir("deep", 0777), 0);
    assert_int_equal(symlink("deep/link", "link"), 0);
    assert_int_equal(symlink("target", "deep/link"), 0);
    write_ok("link", "made"); // through links to a missing file
    check_content("deep/target", "made");
    assert_int_equal(chmod("deep/target", 0604), 0);
    write_ok("link", "again");
    check_content("deep/target", "again");
    assert_int_equal(mode_of("deep/target"), 0604);
    struct stat info;
    assert_true(lstat("link", &info) == 0 && S_ISLNK(info.st_mode));
    assert_true(lstat("deep/link", &info) == 0 && S_ISLNK(info.st_mode));
    unlink("deep/link");
    char absolute[128];
    snprintf(absolute, sizeof absolute, "%s/deep/target", folder);
    assert_int_equal(symlink(absolute, "deep/link"), 0);
    write_ok("link", "absolute");
    check_content("deep/target", "absolute");
    unlink("deep/link");
    unlink("deep/target");
    assert_int_equal(symlink("../link", "deep/link"), 0); // a loop of links
    assert_int_equal(blmi_file_write("link", "x", 1, &err), BLM_ESYSTEM);
    unlink("deep/link");
    unlink("link");
    assert_int_equal(rmdir("deep"), 0);
}

static void faults_leave_the_old_file(void **state)
{
    (void)state;
    blm_error err;
    put("old", "old");
    int *const faults[] = {&rename_fault, &sync_fault};
    for (int i = 0; i < 2; i++) {
        *faults[i] = EIO;
        assert_int_equal(blmi_file_write("old", "new", 3, &err), BLM_ESYSTEM);
        assert_non_null(strstr(err.text, "old: cannot write: Input/output error"));
        assert_int_equal(blmi_file_write("other", "new", 3, &err), BLM_ESYSTEM);
        assert_int_equal(access("other", F_OK), -1);
        *faults[i] = 0;
    }
    check_content("old", "old");
    folder_fault = EINVAL; // a file system that cannot sync folders
    write_ok("old", "new");
    check_content("old", "new");
    folder_fault = EIO;
    assert_int_equal(blmi_file_write("old", "newer", 5, &err), BLM_ESYSTEM);
    assert_non_null(strstr(err.text, "old: written, but cannot sync"));
    check_content("old", "newer");
    unlink("old");
}

// ---- reading

static void limits_come_first(void **state)
{
    (void)state;
    blm_error err;
    blmi_file file;
    put("file", "hello");
    assert_int_equal(blmi_file_read("file", 5, &file, &err), BLM_OK);
    blmi_file_close(&file);
    assert_int_equal(blmi_file_read("file", 4, &file, &err), BLM_EINPUT);
    assert_int_equal(blmi_file_read(folder, 0, &file, &err), BLM_EINPUT);
    unlink("file");
    assert_int_equal(blmi_file_read("file", 0, &file, &err), BLM_EINPUT);
    assert_non_null(strstr(err.text, "file: cannot open: No such file"));
    put("file", "");
    check_content("file", "");
    unlink("file");
    assert_int_equal(blmi_file_read("/proc/self/status", 0, &file, &err), BLM_OK);
    assert_true(file.size > 100);
    blmi_file_close(&file);
}

static void what_changes_is_refused(void **state)
{
    (void)state;
    blm_error err;
    blmi_file file;
    for (change = TRUNCATE; change <= REWRITE; change++) {
        put("latest", "hello, hello");
        assert_int_equal(blmi_file_read("latest", 0, &file, &err), BLM_EINPUT);
        assert_non_null(strstr(err.text, "latest: changed while it was read"));
        assert_int_equal(change, changed);
    }
    change = GROW;
    put("latest", "hello, hello");
    assert_int_equal(blmi_file_read("latest", 12, &file, &err), BLM_EINPUT);
    assert_non_null(strstr(err.text, "expected at most 12"));
    change = NOTHING;
    check_content("latest", "hello, hello, hello");
    unlink("latest");
}

static void what_was_read_does_not_change(void **state)
{
    (void)state;
    blm_error err;
    blmi_file file;
    put("file", "before");
    assert_ok(blmi_file_read("file", 0, &file, &err), err);
    put("file", "after!");
    assert_memory_equal(file.bytes, "before", 6);
    assert_int_equal(truncate("file", 0), 0);
    assert_memory_equal(file.bytes, "before", 6);
    blmi_file_close(&file);
    unlink("file");
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(files_appear_complete_or_not_at_all),
        IN_FOLDER(a_replaced_file_keeps_its_permissions),
        IN_FOLDER(links_stay_and_are_followed),
        IN_FOLDER(faults_leave_the_old_file),
        IN_FOLDER(limits_come_first),
        IN_FOLDER(what_changes_is_refused),
        IN_FOLDER(what_was_read_does_not_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
