# Defines how every part of blemish is compiled.

# Flags of all our code; users of the library do not get them.
add_library(blm_flags INTERFACE)
target_compile_features(blm_flags INTERFACE c_std_11)
target_compile_definitions(blm_flags INTERFACE _GNU_SOURCE)
target_include_directories(blm_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
target_compile_options(blm_flags INTERFACE
    -fvisibility=hidden -fno-math-errno -ffp-contract=off
    -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=
    -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wundef -Wvla -Wstrict-prototypes
    -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2
    $<$<C_COMPILER_ID:Clang>:-Wno-missing-field-initializers> # in a designated one, too
    $<$<BOOL:${BLM_WERROR}>:-Werror>)
if(BLM_SANITIZE)
    target_compile_options(blm_flags INTERFACE
        -fsanitize=${BLM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(blm_flags INTERFACE -fsanitize=${BLM_SANITIZE})
endif()

# blm_module(NAME SOURCES file... [USES module...] [PACKAGES target...])
#
# src/NAME as a static library blm_NAME, for tests and for the modules above it.  Its objects
# also go into the library that is installed (src/CMakeLists.txt).
function(blm_module name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;USES;PACKAGES")
    add_library(blm_${name}_objects OBJECT ${arg_SOURCES})
    set_target_properties(blm_${name}_objects PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_link_libraries(blm_${name}_objects PRIVATE blm_flags ${arg_PACKAGES})
    add_library(blm_${name} STATIC $<TARGET_OBJECTS:blm_${name}_objects>)
    set_target_properties(blm_${name} PROPERTIES LINKER_LANGUAGE C)
    list(TRANSFORM arg_USES PREPEND blm_)
    target_link_libraries(blm_${name} PUBLIC ${arg_USES} ${arg_PACKAGES})
    set_property(GLOBAL APPEND PROPERTY BLM_OBJECTS $<TARGET_OBJECTS:blm_${name}_objects>)
    set_property(GLOBAL APPEND PROPERTY BLM_PACKAGES ${arg_PACKAGES})
endfunction()

# blm_test(NAME SOURCES file... [USES module...] [PACKAGES target...])
#
# A cmocka program, registered with ctest under NAME.  It runs in the project's root, finds
# ../shared (or BLM_SHARED) by itself, and the weights of blemish by BLEMISH_WEIGHTS.  If ../shared is
# absent, its golden tests are skipped.
function(blm_test name)
    if(NOT BLM_TESTS)
        return()
    endif()
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;USES;PACKAGES")
    list(TRANSFORM arg_USES PREPEND blm_)
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE blm_flags ${arg_USES} ${arg_PACKAGES} PkgConfig::cmocka m)
    add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES TIMEOUT 600
        ENVIRONMENT BLEMISH_WEIGHTS=${PROJECT_SOURCE_DIR}/weights)
endfunction()

# blm_app(NAME SOURCES file... [USES app...] [PACKAGES target...])
#
# apps/NAME as a static library blm_app_NAME, a part of our programs, which uses only the public
# headers of the library.
function(blm_app name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;USES;PACKAGES")
    list(TRANSFORM arg_USES PREPEND blm_app_)
    add_library(blm_app_${name} STATIC ${arg_SOURCES})
    target_link_libraries(blm_app_${name} PRIVATE blm_flags PUBLIC ${arg_USES} blemish ${arg_PACKAGES} m)
endfunction()

# blm_app_test(NAME SOURCES file... [USES app...]): blm_test for libraries of blm_app.
function(blm_app_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;USES")
    list(TRANSFORM arg_USES PREPEND app_)
    blm_test(${name} SOURCES ${arg_SOURCES} USES ${arg_USES})
endfunction()
